import { formatPackageUrl } from '../../../formats/purl/index.ts';
import type { FoundPackage } from '../cataloger.ts';
import type { NpmRecord } from './parse-package-json.ts';

export function toNpmPackage(record: NpmRecord, where: Pick<FoundPackage, 'locations' | 'layer'>): FoundPackage {
  const { name, version } = record;
  const slash = name.indexOf('/');
  const scoped = name.startsWith('@') && slash > 1;
  const purl = formatPackageUrl({
    type: 'npm',
    ...(scoped ? { namespace: name.slice(0, slash) } : {}),
    name: scoped ? name.slice(slash + 1) : name,
    ...(version ? { version } : {}),
  });
  return {
    type: 'npm',
    name,
    version,
    purl,
    licenses: record.licenses,
    ...(record.author ? { supplier: record.author } : {}),
    ...where,
  };
}
