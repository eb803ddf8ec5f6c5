import { formatPackageUrl } from '../../../formats/purl/index.ts';
import type { FoundPackage } from '../cataloger.ts';
import type { Where } from '../one-per-file.ts';
import type { ComposerRecord } from './parse-installed-json.ts';
import type { PearRecord } from './parse-pear-registry.ts';

export function toComposerPackage(record: ComposerRecord, where: Where): FoundPackage {
  const { name, version, licenses, authors } = record;
  const slash = name.indexOf('/');
  return {
    type: 'composer',
    name,
    version,
    purl: formatPackageUrl({
      type: 'composer',
      ...(slash > 0 ? { namespace: name.slice(0, slash) } : {}),
      name: name.slice(slash + 1),
      version,
    }),
    licenses,
    ...(authors.length > 0 ? { supplier: authors.join(', ') } : {}),
    ...where,
    provides: [name, ...record.provides],
    requires: record.requires.map((needed) => [needed]),
  };
}

/** What the registry has no channel for was installed before there were others. */
const DEFAULT_CHANNEL = 'pecl.php.net';

export function toPearPackage(record: PearRecord, where: Where): FoundPackage {
  const { name, version, channel, licenses } = record;
  return {
    type: 'pear',
    name,
    version,
    purl: formatPackageUrl({ type: 'pear', namespace: channel ?? DEFAULT_CHANNEL, name, version }),
    licenses,
    ...where,
  };
}
