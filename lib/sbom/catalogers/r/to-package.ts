import { formatPackageUrl } from '../../../formats/purl/index.ts';
import type { FoundPackage } from '../cataloger.ts';
import type { Where } from '../one-per-file.ts';
import type { RRecord } from './parse-description.ts';

export function toRPackage(record: RRecord, where: Where): FoundPackage {
  const { name, version, license, maintainer } = record;
  return {
    type: 'cran',
    name,
    version,
    purl: formatPackageUrl({ type: 'cran', name, version }),
    licenses: license === undefined ? [] : licensesOf(license),
    ...(maintainer ? { supplier: maintainer } : {}),
    ...where,
    provides: [name],
    requires: record.requires.map((needed) => [needed]),
  };
}

/** `GPL-2 | file LICENSE`, `MIT + file LICENSE` ("Writing R Extensions", section 1.1.2): the names alone. */
const licensesOf = (field: string): string[] =>
  field
    .split('|')
    .map((one) => one.replace(/\+?\s*file LICEN[CS]E\s*$/, '').trim())
    .filter((one) => one !== '');
