import fc from 'fast-check';
import { satisfies } from 'semver';
import { describe, expect, it } from 'vitest';
import { evaluateRange } from '../../../../lib/formats/osv/index.ts';
import {
  comparison,
  composerConstraints,
  gemRequirement,
  type Interval,
  intervalsOf,
  npmRange,
  parseVers,
  toEvents,
} from '../../../../lib/formats/version-ranges/index.ts';
import { compareVersions, type VersionSchemeName } from '../../../../lib/formats/versions/index.ts';

const holds = (scheme: VersionSchemeName, intervals: readonly Interval[] | undefined, version: string): boolean =>
  evaluateRange({ scheme, events: toEvents(intervals ?? []) }, version).kind === 'affected';

const version = fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3)).map((parts) => parts.join('.'));
const operator = fc.constantFrom('<', '<=', '>', '>=', '=');

describe('npm ranges', () => {
  const part = fc.oneof(
    fc.tuple(operator, version).map(([op, text]) => op + text),
    fc.tuple(fc.constantFrom('^', '~', ''), version).map(([op, text]) => op + text),
    fc.constantFrom('*', '1.x', '1.2.x'),
  );
  const range = fc
    .array(fc.array(part, { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 3 })
    .map((sets) => sets.map((set) => set.join(' ')).join(' || '));

  it('admit what the semver package says', () => {
    fc.assert(
      fc.property(range, version, (text, candidate) => {
        expect([text, candidate, holds('semver', npmRange(text), candidate)]).toEqual([
          text,
          candidate,
          satisfies(candidate, text, { includePrerelease: true, loose: true }),
        ]);
      }),
      { numRuns: 2000 },
    );
  });
  it('are refused where they are none', () => {
    for (const text of ['banana', '<'.repeat(5000)]) expect(npmRange(text)).toBeUndefined();
  });
});

describe('requirements of gems', () => {
  // Gem::Requirement in rubygems; "~>" in the guides, "Pessimistic version constraint".
  it.each([
    ['~> 1.2.3', ['1.2.3', '1.2.9', '1.2.3.1'], ['1.2.2', '1.3.0', '1.3.0.rc1', '2.0']],
    ['~> 1.2', ['1.2', '1.9.9'], ['1.1', '2.0', '2.0.a']],
    ['~> 4.1.14, >= 4.1.14.1', ['4.1.14.1', '4.1.15'], ['4.1.14', '4.2.0']],
    ['>= 2.0, < 2.4', ['2.0', '2.3.9'], ['1.9', '2.4']],
    ['= 1.0', ['1.0', '1.0.0'], ['1.0.1']],
    ['!= 1.0', ['0.9', '1.1'], ['1.0']],
  ])('%s', (text, inside, outside) => {
    const intervals = gemRequirement(text);
    expect(inside.filter((one) => !holds('rubygems', intervals, one))).toEqual([]);
    expect(outside.filter((one) => holds('rubygems', intervals, one))).toEqual([]);
  });
  it('are refused where they are none', () => {
    for (const text of ['', '~> x', '1.0 || 2.0', '=> 1.0']) expect(gemRequirement(text)).toBeUndefined();
  });
});

it('Composer’s constraints of a branch all hold', () => {
  const intervals = composerConstraints(['>=2.0', '<2.0.6']);
  expect(['2.0', '2.0.5'].every((one) => holds('packagist', intervals, one))).toBe(true);
  expect(['1.9', '2.0.6'].some((one) => holds('packagist', intervals, one))).toBe(false);
  expect(composerConstraints(['>0.7.1', '<1.0.4'])?.map((one) => toEvents([one]))).toEqual([
    [
      ['after', '0.7.1'],
      ['fixed', '1.0.4'],
    ],
  ]);
});

describe('vers', () => {
  // Examples of the specification (VERSION-RANGE-SPEC), and what they say in its words.
  it.each([
    ['vers:npm/1.2.3|>=2.0.0|<5.0.0', ['1.2.3', '2.0.0', '4.9.9'], ['1.2.4', '5.0.0']],
    ['vers:pypi/0.0.0|0.0.1|0.0.2|0.0.3|1.0|2.0pre1', ['0.0.2', '1.0.0', '2.0rc1'], ['0.0.4', '2.0']],
    ['vers:tomee/>=8.0.0-M1|<=8.0.1', [], []],
    ['vers:npm/*', ['0.0.1', '99.0.0'], []],
    ['vers:gem/>=2.2.0|!=2.2.1|<2.3.0', ['2.2.0', '2.2.2'], ['2.2.1', '2.3.0', '2.1']],
    ['vers:deb/<1%3A2.3-1', ['1:2.2-9', '5'], ['1:2.3-1', '2:0']],
    ['vers:npm/!=1.5.0', ['1.4.0', '1.6.0'], ['1.5.0']],
  ])('%s', (text, inside, outside) => {
    const range = parseVers(text);
    expect(range === undefined).toBe(text.startsWith('vers:tomee'));
    if (!range) return;
    expect(inside.filter((one) => !holds(range.scheme, range.intervals, one))).toEqual([]);
    expect(outside.filter((one) => holds(range.scheme, range.intervals, one))).toEqual([]);
  });
  it('is refused where it is none', () => {
    for (const text of [
      '',
      'vers:npm/',
      'vers:npm/>=',
      'vers:npm/1|',
      'npm/1.0',
      'vers:npm/>=%ZZ',
      'vers:npm/>=banana|<1',
    ]) {
      expect(parseVers(text), text).toBeUndefined();
    }
  });
  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (text) => void parseVers(`vers:npm/${text}`)),
      { numRuns: 1000 },
    );
  });
});

describe('sets of versions', () => {
  const { union, complement, intersect } = intervalsOf('semver');
  const interval = fc
    .array(fc.tuple(operator, version), { minLength: 1, maxLength: 2 })
    .map((parts) =>
      parts.reduce<readonly Interval[]>((left, [op, at]) => intersect(left, comparison(op, at) ?? []), [{}]),
    );
  const set = fc.array(interval, { maxLength: 4 }).map((parts) => parts.flat());
  const has = (intervals: readonly Interval[], one: string): boolean =>
    intervals.some(
      ({ from, to }) =>
        (!from || compare(one, from.version) > (from.inclusive ? -1 : 0)) &&
        (!to || compare(one, to.version) < (to.inclusive ? 1 : 0)),
    );
  const compare = (a: string, b: string): number => compareVersions('semver', a, b) as number;

  it('have unions, intersections and complements that agree with membership, also as events', () => {
    fc.assert(
      fc.property(set, set, version, (a, b, one) => {
        expect(has(union(a), one)).toBe(has(a, one));
        expect(has(complement(a), one)).toBe(!has(a, one));
        expect(has(intersect(a, b), one)).toBe(has(a, one) && has(b, one));
        expect(holds('semver', union([...a, ...b]), one)).toBe(has(a, one) || has(b, one));
      }),
      { numRuns: 3000 },
    );
  });
});
