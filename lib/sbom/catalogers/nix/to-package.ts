import { formatPackageUrl } from '../../../formats/purl/index.ts';
import type { FoundPackage } from '../cataloger.ts';
import type { Where } from '../one-per-file.ts';
import type { StorePath } from './parse-store-path.ts';

/** The purl is as Syft writes it; the specification has no type for Nix yet, and none for Guix, which so has no purl. */
export function toStorePackage(type: 'nix' | 'guix', path: StorePath, where: Where): FoundPackage {
  const { hash, name, version, output } = path;
  const qualifiers = new Map([
    ['output', output ?? ''],
    ['outputhash', hash],
  ]);
  return {
    type,
    name,
    version,
    ...(type === 'nix' ? { purl: formatPackageUrl({ type, name, version, qualifiers }) } : {}),
    licenses: [],
    ...where,
  };
}
