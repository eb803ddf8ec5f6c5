import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Ballot, compareVotes, readReportValue, type VotedFinding } from '../../../lib/scanners/index.ts';
import * as samples from './samples.ts';

const found = (id: string, name: string, more: Partial<VotedFinding> = {}): VotedFinding => ({
  id,
  aliases: [],
  package: { name, version: '1', type: 'npm' },
  severity: 'high',
  fixedVersions: [],
  fixState: 'unknown',
  locations: [],
  ...more,
});
const ballot = (voter: string, findings: readonly VotedFinding[], covers: Ballot['covers'] = 'all'): Ballot => ({
  voter,
  covers,
  findings,
});
const shown = (ballots: readonly Ballot[]) =>
  compareVotes(ballots).map(({ id, package: pkg, found: by, dissent, silent }) => [
    id,
    pkg.name,
    [...by.keys()],
    dissent,
    silent,
  ]);

describe('votes side by side', () => {
  it('names who agrees, who dissents, and who does not look', () => {
    expect(
      shown([
        ballot('a', [found('CVE-2026-1', 'left'), found('CVE-2026-2', 'left')]),
        ballot('b', [found('CVE-2026-1', 'left')]),
        ballot('c', [], 'os'),
      ]),
    ).toEqual([
      ['CVE-2026-1', 'left', ['a', 'b'], [], ['c']],
      ['CVE-2026-2', 'left', ['a'], ['b'], ['c']],
    ]);
  });

  it('knows a vulnerability by any of its names, also when only a third tells that two are one', () => {
    const ballots = [
      ballot('a', [found('CVE-2026-1', 'left')]),
      ballot('b', [found('GHSA-1', 'left')]),
      ballot('c', [found('CVE-2026-1', '@scope/left', { aliases: ['GHSA-1'] })]),
    ];
    expect(shown(ballots)).toEqual([['CVE-2026-1', 'left', ['a', 'b', 'c'], [], []]]);
  });

  it('does not take two packages for one because they share a vulnerability', () => {
    expect(
      shown([ballot('a', [found('CVE-2026-1', 'left')]), ballot('b', [found('CVE-2026-1', 'right')])]),
    ).toHaveLength(2);
  });

  it('says where ratings differ', () => {
    const [agreement] = compareVotes([
      ballot('a', [found('CVE-2026-1', 'left')]),
      ballot('b', [found('CVE-2026-1', 'left', { severity: 'low' })]),
    ]);
    expect(agreement?.severityDiffers).toBe(true);
  });

  it('agrees on what real tools call the same package', () => {
    const of = (value: unknown, voter: string) => ballot(voter, readReportValue(value).findings);
    const ballots = [
      of(samples.trivy, 'trivy'),
      of(samples.grype, 'grype'),
      of(samples.clair, 'clair'),
      of(samples.snyk, 'snyk'),
    ];
    expect(shown(ballots)).toEqual([
      ['CVE-2026-1002', '@scope/left', ['trivy', 'grype', 'snyk'], ['clair'], []],
      ['CVE-2026-1001', 'libssl3', ['trivy', 'grype', 'clair', 'snyk'], [], []],
    ]);
  });

  it('gives the same whatever the order of ballots and findings, and loses none', () => {
    const id = fc.constantFrom('CVE-2026-1', 'CVE-2026-2', 'GHSA-1', 'GHSA-2');
    const one = fc.record({ id, alias: fc.option(id), name: fc.constantFrom('left', 'right') });
    const finding = one.map(({ id: own, alias, name }) => found(own, name, { aliases: alias ? [alias] : [] }));
    const ballots = fc.tuple(
      fc.array(finding, { maxLength: 6 }),
      fc.array(finding, { maxLength: 6 }),
      fc.array(finding, { maxLength: 6 }),
    );
    fc.assert(
      fc.property(ballots, (lists) => {
        const forward = lists.map((list, i) => ballot(`v${i}`, list));
        const backward = forward.map((one) => ({ ...one, findings: [...one.findings].reverse() })).reverse();
        const view = (given: readonly Ballot[]) =>
          compareVotes(given).map((a) => [a.id, [...a.aliases], [...a.found.keys()].sort(), [...a.dissent].sort()]);
        expect(view(backward)).toEqual(view(forward));
        const named = new Set(compareVotes(forward).flatMap((a) => [a.id, ...a.aliases]));
        for (const { id: own } of lists.flat()) expect(named).toContain(own);
      }),
    );
  });
});
