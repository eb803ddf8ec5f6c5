import { formatPackageUrl } from '../../../formats/purl/index.ts';
import type { FoundPackage } from '../cataloger.ts';
import type { NugetRecord } from './parse-deps-json.ts';

export function toNugetPackage(
  { name, version }: NugetRecord,
  where: Pick<FoundPackage, 'locations' | 'layer'>,
): FoundPackage {
  const purl = formatPackageUrl({ type: 'nuget', name, ...(version ? { version } : {}) });
  return { type: 'nuget', name, version, purl, licenses: [], ...where };
}
