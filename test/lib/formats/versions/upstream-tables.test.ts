import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { compareVersions, type VersionSchemeName } from '../../../../lib/formats/versions/index.ts';

const corpora = process.env.LADING_CORPORA;
const folder = corpora ? join(corpora, 'advisories/version-order') : '';
const absent = !folder || !existsSync(folder);

/** Rows of the table with at least one text that is no version by the scheme's own specification. */
interface Expected {
  readonly scheme: VersionSchemeName;
  readonly rows: number;
  readonly incomparable?: number;
  readonly differing?: number;
}

const TABLES: Readonly<Record<string, Expected>> = {
  'alpine-versions.txt': { scheme: 'apk', rows: 778, incomparable: 33 },
  'alpine-versions-generated.txt.zst': { scheme: 'apk', rows: 13_979 },
  'cran-versions.txt': { scheme: 'cran', rows: 21 },
  'cran-versions-generated.txt': { scheme: 'cran', rows: 57 },
  'debian-versions.txt': { scheme: 'deb', rows: 30 },
  'debian-versions-generated.txt.zst': { scheme: 'deb', rows: 14_442 },
  'hackage-versions.txt': { scheme: 'hackage', rows: 11 },
  'maven-versions.txt': { scheme: 'maven', rows: 102 },
  // 20 rows were made by a Maven that still told ".qualifier" from "-qualifier"; its specification no longer does.
  'maven-versions-generated.txt.zst': { scheme: 'maven', rows: 14_752, differing: 20 },
  'nuget-versions.txt': { scheme: 'nuget', rows: 35 },
  // PHP's "#", which matches any number and makes the comparison no order.
  'packagist-versions.txt': { scheme: 'packagist', rows: 95, incomparable: 6 },
  'packagist-versions-generated.txt.zst': { scheme: 'packagist', rows: 10_630 },
  'pub-versions.txt': { scheme: 'pub', rows: 100, incomparable: 1 },
  'pypi-versions.txt': { scheme: 'pep440', rows: 37 },
  'pypi-versions-generated.txt.zst': { scheme: 'pep440', rows: 12_375 },
  // Epochs that are no numbers, and releases that are empty.
  'redhat-versions.txt': { scheme: 'rpm', rows: 165, incomparable: 28 },
  'rpm-rpmvercmp.txt': { scheme: 'rpm', rows: 113 },
  'rubygems-versions.txt': { scheme: 'rubygems', rows: 25 },
  'rubygems-versions-generated.txt.zst': { scheme: 'rubygems', rows: 4098 },
  'semver-versions.txt': { scheme: 'semver', rows: 86, incomparable: 1 },
};

const SIGN: Readonly<Record<string, number>> = { '<': -1, '=': 0, '==': 0, '>': 1 };

describe.each(Object.entries(TABLES))('%s', (file, { scheme, rows, incomparable = 0, differing = 0 }) => {
  it.skipIf(absent)('is ordered as upstream says (needs LADING_CORPORA)', () => {
    const bytes = readFileSync(join(folder, file));
    const lines = (file.endsWith('.zst') ? zstdDecompressSync(bytes) : bytes).toString('utf8').split('\n');
    const outcomes = lines.flatMap((line) => {
      const match = /^(\S+)\s+(<|>|==?)\s+(\S+)$/.exec(line.trim());
      if (!match || line.startsWith('#') || line.startsWith('//')) return [];
      const [, a = '', sign = '', b = ''] = match;
      return [{ line, got: compareVersions(scheme, a, b), wanted: SIGN[sign] }];
    });
    expect(outcomes).toHaveLength(rows);
    const refused = outcomes.filter(({ got }) => got === 'incomparable');
    const wrong = outcomes.filter(({ got, wanted }) => got !== 'incomparable' && got !== wanted);
    expect(refused.length, refused.map(({ line }) => line).join('\n')).toBe(incomparable);
    expect(wrong.length, wrong.map(({ line }) => line).join('\n')).toBe(differing);
    if (scheme === 'maven') expect(wrong.every(({ line }) => /\.[a-z]/i.test(line))).toBe(true);
  });
});
