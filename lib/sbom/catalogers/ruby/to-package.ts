import { formatPackageUrl } from '../../../formats/purl/index.ts';
import type { FoundPackage } from '../cataloger.ts';
import type { Where } from '../one-per-file.ts';
import type { GemRecord } from './parse-gemspec.ts';

export function toGemPackage(record: GemRecord, where: Where): FoundPackage {
  const { name, version, licenses, authors } = record;
  return {
    type: 'gem',
    name,
    version,
    purl: formatPackageUrl({ type: 'gem', name, version }),
    licenses,
    ...(authors.length > 0 ? { supplier: authors.join(', ') } : {}),
    ...where,
    provides: [name],
    requires: record.requires.map((needed) => [needed]),
  };
}
