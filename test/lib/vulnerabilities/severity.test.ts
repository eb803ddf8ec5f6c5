import { describe, expect, it } from 'vitest';
import { loadScorer } from '../../../lib/vulnerabilities/cvss-score.ts';
import { rate as rateWith } from '../../../lib/vulnerabilities/severity.ts';
import { sortIds } from '../../../lib/vulnerabilities/vulnerability-ids.ts';

const scoreOf = await loadScorer();
const rate = (vectors: readonly string[], words: readonly unknown[]) => rateWith(scoreOf, vectors, words);

describe('rate', () => {
  // Base scores as FIRST's calculators and the NVD give them.
  it.each([
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', 9.8, 'critical'],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H', 10, 'critical'],
    ['CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H', 7.5, 'high'],
    ['CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:L/I:L/A:L', 5.6, 'medium'],
    ['CVSS:3.1/AV:N/AC:H/PR:L/UI:R/S:U/C:N/I:N/A:L', 2.6, 'low'],
    ['CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:N', 0, 'negligible'],
    ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N', 9.3, 'critical'],
    ['AV:N/AC:L/Au:N/C:P/I:P/A:P', 7.5, 'high'],
    ['AV:N/AC:L/Au:N/C:C/I:C/A:C', 10, 'high'],
  ])('rates %s with %d as %s', (vector, score, severity) => {
    expect(rate([vector], [])).toEqual({ severity, cvss: { vector, score } });
  });

  it('prefers the newest version of CVSS, and a vector to a word', () => {
    const v3 = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H';
    const v4 = 'CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:P/VC:N/VI:N/VA:N/SC:L/SI:L/SA:L';
    expect(rate([v3, v4], ['CRITICAL'])).toMatchObject({ severity: 'low', cvss: { vector: v4 } });
    expect(rate([v4, v3], [])).toEqual(rate([v3, v4], []));
  });

  it('leaves the temporal and environmental metrics of a vector aside', () => {
    expect(rate(['CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H/E:U'], [])).toMatchObject({ cvss: { score: 10 } });
  });

  it('takes the word where there is no vector that can be read', () => {
    expect(rate(['garbage', 'CVSS:3.1/AV:N', '7.5', ''], ['MODERATE'])).toEqual({ severity: 'medium' });
    expect(rate([], [undefined, 7, 'not yet assigned', 'Important'])).toEqual({ severity: 'high' });
    expect(rate([], ['unimportant'])).toEqual({ severity: 'negligible' });
    expect(rate([], [])).toEqual({ severity: 'unknown' });
  });
});

describe('sortIds', () => {
  it('prefers CVE, then GHSA, and orders CVE ids by number', () => {
    expect(
      sortIds(['PYSEC-1', 'GHSA-b', 'CVE-2026-10000', 'CVE-2026-9999', 'CVE-2025-20000', 'GHSA-a', 'GHSA-a']),
    ).toEqual(['CVE-2025-20000', 'CVE-2026-9999', 'CVE-2026-10000', 'GHSA-a', 'GHSA-b', 'PYSEC-1']);
  });
});
