import { formatPackageUrl } from '../../../formats/purl/index.ts';
import type { FoundPackage } from '../cataloger.ts';
import type { Where } from '../one-per-file.ts';
import type { PythonRecord } from './parse-metadata.ts';

/** "Name normalization" of the packaging specifications: one name for `Foo.Bar`, `foo_bar` and `foo-bar`. */
export const normalizePythonName = (name: string): string => name.replace(/[-_.]+/g, '-').toLowerCase();

export function toPythonPackage(record: PythonRecord, vcsUrl: string | undefined, where: Where): FoundPackage {
  const name = normalizePythonName(record.name);
  const { version, author } = record;
  return {
    type: 'pypi',
    name,
    version,
    purl: formatPackageUrl({
      type: 'pypi',
      name,
      ...(version ? { version } : {}),
      qualifiers: new Map([['vcs_url', vcsUrl ?? '']]),
    }),
    licenses: record.licenses,
    ...(author ? { supplier: author } : {}),
    ...where,
    provides: [name],
    requires: record.requires.map((needed) => [normalizePythonName(needed)]),
  };
}
