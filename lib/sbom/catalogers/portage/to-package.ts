import { formatPackageUrl } from '../../../formats/purl/index.ts';
import type { FoundPackage } from '../cataloger.ts';
import type { Where } from '../one-per-file.ts';
import type { PortageRecord } from './parse-portage.ts';

/** The purl has category and package as one name, as Syft writes it; the specification has no type for Portage. */
export function toPortagePackage(
  { name, version }: PortageRecord,
  licenses: readonly string[],
  where: Where,
): FoundPackage {
  return {
    type: 'ebuild',
    name,
    version,
    purl: formatPackageUrl({ type: 'ebuild', name, version }),
    licenses: [...licenses],
    ...where,
  };
}
