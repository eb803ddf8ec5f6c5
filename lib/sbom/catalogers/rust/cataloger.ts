import { type Cataloger, type FoundPackage, firstLayerFinder } from '../cataloger.ts';
import type { ExecutableContent } from '../executable/executable-content.ts';
import { executableFile } from '../executable/executable-file.ts';
import type { Crate } from './parse-audit-data.ts';
import { toCargoPackage } from './to-package.ts';

const keyOf = (crate: Crate): string => `${crate.name} ${crate.version}`;
const keysOf = (content: ExecutableContent): string[] => (content.rust ?? []).flat().map(keyOf);

/** Programs built by cargo-auditable; the files themselves are of the kind of all executables. */
export const rustCataloger: Cataloger = {
  name: 'rust',
  kinds: [],
  catalog: (files) =>
    files.ofKind(executableFile).flatMap((file) => {
      const firstLayer = firstLayerFinder(file, keysOf);
      const locations = [{ path: file.path, layer: file.layer }];
      return (file.content.rust ?? []).flatMap((crates, list) =>
        cratesOf(crates, `${file.path}\0${list}`, (crate) => ({ layer: firstLayer(keyOf(crate)), locations })),
      );
    }),
};

/** Crates that only ran at build time are not in the program, and nothing that needs them is told. */
export function cratesOf(
  crates: readonly Crate[],
  scope: string,
  where: (crate: Crate) => Pick<FoundPackage, 'locations' | 'layer'>,
): FoundPackage[] {
  const named = (index: number): string => `${scope}\0${index}`;
  return crates.flatMap((crate, index) => {
    if (crate.kind !== undefined && crate.kind !== 'runtime') return [];
    const requires = (crate.dependencies ?? []).map((needed) => [named(needed)]);
    return [{ ...toCargoPackage(crate, where(crate)), provides: [named(index)], requires }];
  });
}
