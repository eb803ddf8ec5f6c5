import { formatPackageUrl } from '../../../formats/purl/index.ts';
import type { FoundPackage } from '../cataloger.ts';
import type { Where } from '../one-per-file.ts';
import type { RockRecord } from './parse-rockspec.ts';

export function toRockPackage({ name, version, license, requires }: RockRecord, where: Where): FoundPackage {
  return {
    type: 'luarocks',
    name,
    version,
    purl: formatPackageUrl({ type: 'luarocks', name, version }),
    licenses: license ? [license] : [],
    ...where,
    provides: [name],
    requires: requires.map((needed) => [needed]),
  };
}
