import { type Cataloger, type FoundPackage, firstLayerFinder } from '../cataloger.ts';
import type { ExecutableContent } from '../executable/executable-content.ts';
import { executableFile } from '../executable/executable-file.ts';
import type { GoProgram } from './parse-build-info.ts';
import { toGoPackage, toStandardLibrary } from './to-package.ts';

/** The modules that Go programs were built of; the files themselves are of the kind of all executables. */
export const goCataloger: Cataloger = {
  name: 'go',
  kinds: [],
  catalog: (files) =>
    files.ofKind(executableFile).flatMap((file) => {
      const firstLayer = firstLayerFinder(file, keysOf);
      const locations = [{ path: file.path, layer: file.layer }];
      return (file.content.go ?? []).flatMap((program) =>
        modulesOf(program, file.path).map(({ key, make }) => make({ layer: firstLayer(key), locations })),
      );
    }),
};

interface Entry {
  readonly key: string;
  readonly make: (where: Pick<FoundPackage, 'locations' | 'layer'>) => FoundPackage;
}

/**
 * The main module needs all others: which of them needs which is not written into a program. Another program may have
 * other versions of them, so the names that they need one another by hold within one file.
 */
function modulesOf({ goVersion, main, deps }: GoProgram, file: string): Entry[] {
  const modules = deps.filter(({ path }) => path !== '');
  const named = (path: string): string => `${file}\0${path}`;
  const requires = [...modules.map(({ path }) => [named(path)]), [named('stdlib')]];
  const entries: Entry[] = modules.map((one) => ({
    key: `${one.path} ${one.version}`,
    make: (where) => ({ ...toGoPackage(one, where), provides: [named(one.path)] }),
  }));
  if (main && main.path !== '') {
    entries.push({
      key: `${main.path} ${main.version}`,
      make: (where) => ({ ...toGoPackage(main, where), provides: [named(main.path)], requires }),
    });
  }
  const standard = toStandardLibrary(goVersion, { layer: 0, locations: [] });
  if (standard) {
    entries.push({
      key: `stdlib ${goVersion}`,
      make: (where) => ({ ...standard, ...where, provides: [named('stdlib')] }),
    });
  }
  return entries;
}

const keysOf = (content: ExecutableContent): string[] =>
  (content.go ?? []).flatMap((program) => modulesOf(program, '').map(({ key }) => key));
