import { formatPackageUrl } from '../../../formats/purl/index.ts';
import type { FoundPackage } from '../cataloger.ts';
import type { Crate } from './parse-audit-data.ts';

export function toCargoPackage(
  { name, version }: Crate,
  where: Pick<FoundPackage, 'locations' | 'layer'>,
): FoundPackage {
  const purl = formatPackageUrl({ type: 'cargo', name, version });
  return { type: 'cargo', name, version, purl, licenses: [], ...where };
}
