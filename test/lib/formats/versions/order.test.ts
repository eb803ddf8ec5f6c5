import fc from 'fast-check';
import { compare as nodeSemverCompare } from 'semver';
import { describe, expect, it } from 'vitest';
import {
  compareVersions,
  schemeOf,
  type VersionSchemeName,
  versionScheme,
  versionSchemeNames,
} from '../../../../lib/formats/versions/index.ts';

/**
 * Facts restated from the specifications and from the tools' own behaviour: Debian Policy 5.6.12, apk-package(5),
 * rpm-version(7), Semantic Versioning 2.0.0 section 11, PEP 440, Maven's POM reference, RubyGems, PHP, NuGet, R, Haskell.
 * Each line is ascending; `=` joins texts of one version.
 */
const ASCENDING: Readonly<Record<VersionSchemeName, readonly string[]>> = {
  deb: [
    '1.0~~ 1.0~~a 1.0~ 1.0=1.0-0=0:1.0 1.0-1 1.0a 1.0+b1 1.0.1 1:0.9',
    '1.1.1n-0+deb11u4 1.1.1n-0+deb11u5',
    '2.36-9+deb12u8 2.36-9+deb12u10',
    '1.2.3-1~deb7u1 1.2.3-1',
    '7.4.052-1ubuntu3 7.4.052-1ubuntu3.1',
  ],
  // vercmp(8) and the comments of its test script (test/util/vercmptest.sh).
  alpm: ['1.0a 1.0b 1.0beta 1.0p 1.0pre 1.0rc 1.0=01.0 1.0.a 1.0.1', '1.5.0-1 1.5.0-2 1.5.1-1 1:1.0-1'],
  apk: [
    '1.0_alpha 1.0_alpha2 1.0_beta 1.0_pre1 1.0_rc1 1.0 1.0-r0 1.0-r1 1.0-r10 1.0_git20200101 1.0_p1 1.0a 1.0.1',
    '1.1.1c-r0 1.1.1d-r0',
    '1.05 1.1',
    '1.2.3_git1 1.2.3_git1_p2',
    '6.6.2_p1 6.6.2p1 6.6.2p2',
    '1.0~abc-r0 1.0~abd-r0',
  ],
  rpm: [
    '1.0~rc1 1.0 1.0^git1 1.0.a 1.0.1 1.0.2 1.1=1_1=1.01 1.10 2',
    '5.5p1 5.5p10',
    '4.8-9.el8_1.1 4.8-9.el8_1.2 1:4.7-1',
    '128.12.0-1.el10_0 128.13.0-1.el10_0',
  ],
  semver: [
    '1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0=v1.0.0=1.0.0+b',
    '4.17.4 4.17.11 4.17.21',
    '99999999999999999998.0.0 99999999999999999999.0.0',
  ],
  go: [
    'v0.0.0-20180218175443-cbe0f9307d01 v0.3.0=0.3.0 0.3.8',
    '1.21rc2=go1.21rc2=1.21.0-rc.2 go1.21=1.21.0 go1.21.3',
    'v2.0.0=v2.0.0+incompatible v2.0.1',
  ],
  pub: ['1.0.0-pre 1.0.0-pre+build 1.0.0 1.0.0+1 1.0.0+build 1.0.1'],
  nuget: ['1.0.0-alpha 1.0.0-BETA=1.0.0-beta 1.0.0-beta.2 1.0=1.0.0=1.0.0.0=1.0.0+x 1.0.0.1-a 1.0.0.1 1.0.01'],
  pep440: [
    '1.0.dev1 1.0a1.dev1 1.0a1=1.0.alpha1 1.0a1.post1 1.0b2 1.0c1=1.0rc1=1.0-preview1 1.0=1=1.0.0=v1.0 1.0+local 1.0+local.1 1.0.post1.dev1 1.0.post1=1.0-1=1.0.r1 1.1 1!0.5',
    '0.1-bulbasaur 0.1',
  ],
  maven: [
    '1-alpha=1a0 1-alpha-1-SNAPSHOT 1-alpha-1=1.0a1 1-beta 1-milestone-2=1m2 1-rc=1-cr 1-SNAPSHOT 1=1.0=1-ga=1.0.0.Final=1.RELEASE 1-sp 1-abc 1-xyz 1-1 1.1 1.1.1 2',
    '2.9.10.7 2.9.10.8',
    '4.1.0.CR1 4.1.0.Final=4.1.0 4.1.1.Final',
  ],
  rubygems: ['1.0.a.9 1.0.a10 1.0.b1 1.0.pre1 1.0.rc1 1=1.0=1.0.0 1.0.1 1.10', '2.2.22 3.0.5'],
  packagist: ['dev-foo 1.0-dev 1.0a1=1.0-alpha.1 1.0b1 1.0RC1=1.0.rc1 1.0=v1.0 1.0.1 1.0pl1 1.1'],
  cran: ['0.1 0.1-0=0.1.0 0.1-2 0.2 1.0'],
  hackage: ['1 1.0 1.0.0 1.1 1.10'],
};

/** `LADING_PROPERTY_RUNS=100000` before a release. */
const RUNS = Number(process.env.LADING_PROPERTY_RUNS ?? 3000);

describe.each(versionSchemeNames)('the order of %s versions', (name) => {
  it('is what the specification says', () => {
    for (const line of ASCENDING[name]) {
      const groups = line.split(' ').map((group) => group.split('='));
      groups.forEach((group, i) => {
        for (const a of group) {
          for (const b of group) expect([a, b, compareVersions(name, a, b)]).toEqual([a, b, 0]);
          for (const later of groups.slice(i + 1).flat()) {
            expect([a, later, compareVersions(name, a, later)]).toEqual([a, later, -1]);
            expect([later, a, compareVersions(name, later, a)]).toEqual([later, a, 1]);
          }
        }
      });
    }
  });

  it('is total: reflexive, antisymmetric, transitive', () => {
    const scheme = versionScheme(name);
    fc.assert(
      fc.property(versionOf(name), versionOf(name), versionOf(name), (a, b, c) => {
        fc.pre([a, b, c].every((text) => scheme.isVersion(text)));
        const ab = scheme.compare(a, b);
        const bc = scheme.compare(b, c);
        const ac = scheme.compare(a, c);
        if (ab === 'incomparable' || bc === 'incomparable' || ac === 'incomparable') throw new Error('valid, yet not');
        expect(scheme.compare(a, a)).toBe(0);
        expect(scheme.compare(b, a)).toBe(ab === 0 ? 0 : -ab);
        if (ab <= 0 && bc <= 0) expect(ac).toBe(ab === 0 && bc === 0 ? 0 : -1);
        if (ab >= 0 && bc >= 0) expect(ac).toBe(ab === 0 && bc === 0 ? 0 : 1);
        expect(scheme.orderOf(a)?.(b)).toBe(ab);
      }),
      { numRuns: RUNS },
    );
  });

  it('answers any text without an exception, and refuses the empty and the endless', () => {
    const scheme = versionScheme(name);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), fc.string({ maxLength: 40 }), (a, b) => {
        const order = scheme.compare(a, b);
        expect([-1, 0, 1, 'incomparable']).toContain(order);
        expect(order === 'incomparable').toBe(!(scheme.isVersion(a) && scheme.isVersion(b)));
      }),
      { numRuns: 500 },
    );
    expect(scheme.compare('', '1')).toBe('incomparable');
    expect(scheme.compare('1'.repeat(513), '1')).toBe('incomparable');
    expect(scheme.orderOf('')).toBeUndefined();
  });
});

describe('semver', () => {
  it('agrees with the semver package on what both accept', () => {
    fc.assert(
      fc.property(strictSemver, strictSemver, (a, b) => {
        expect(compareVersions('semver', a, b)).toBe(nodeSemverCompare(a, b));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('schemeOf', () => {
  it('reads the ecosystem before the release', () => {
    expect(schemeOf('Debian:12')).toBe('deb');
    expect(schemeOf('Alpine:v3.18')).toBe('apk');
    expect(schemeOf('npm')).toBe('semver');
    expect(schemeOf('Red Hat:enterprise_linux:9::appstream')).toBe('rpm');
  });
  it('knows no order for the unknown', () => {
    expect(schemeOf('OSS-Fuzz')).toBeUndefined();
    expect(schemeOf('__proto__')).toBeUndefined();
    expect(schemeOf('')).toBeUndefined();
  });
});

const number = fc.oneof(fc.constantFrom('0', '00', '1', '01', '2', '9', '10', '010'), fc.nat(99).map(String));
const core = fc.array(number, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.'));
const identifier = fc.constantFrom('0', '1', '2', '10', 'a', 'B', 'alpha', 'beta', 'rc', 'x-y');
const strictSemver = fc
  .tuple(
    fc.array(fc.nat(12), { minLength: 3, maxLength: 3 }),
    fc.array(identifier, { maxLength: 3 }),
    fc.array(identifier, { maxLength: 2 }),
  )
  .map(
    ([numbers, pre, build]) =>
      `${numbers.join('.')}${pre.length ? `-${pre.join('.')}` : ''}${build.length ? `+${build.join('.')}` : ''}`,
  );
const tail = (words: readonly string[], separators: readonly string[]): fc.Arbitrary<string> =>
  fc
    .array(fc.tuple(fc.constantFrom(...separators), fc.constantFrom(...words), fc.oneof(fc.constant(''), number)), {
      maxLength: 3,
    })
    .map((parts) => parts.map((part) => part.join('')).join(''));
const joined = (...parts: readonly fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc.tuple(...parts).map((texts) => texts.join(''));
const optional = (part: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.oneof(fc.constant(''), part);

/** Texts that are versions of the scheme, mostly, and close to each other, so that ties and odd ends are met. */
function versionOf(scheme: VersionSchemeName): fc.Arbitrary<string> {
  switch (scheme) {
    case 'deb':
      return joined(
        optional(fc.constantFrom('0:', '1:')),
        core,
        tail(['a', 'b', '~', '+', 'deb'], ['', '.', '~', '+', '-']),
      );
    case 'alpm':
      return joined(
        optional(fc.constantFrom('0:', '1:')),
        core,
        tail(['a', 'rc', 'beta', ''], ['', '.', '..', '_', '+']),
        optional(number.map((n) => `-${n}`)),
      );
    case 'apk':
      return joined(
        core,
        optional(fc.constantFrom('a', 'b', 'p1')),
        tail(['alpha', 'beta', 'pre', 'rc', 'cvs', 'git', 'p'], ['_']),
        optional(fc.constantFrom('~0a', '~1')),
        optional(number.map((n) => `-r${n}`)),
      );
    case 'rpm':
      return joined(
        optional(fc.constantFrom('0:', '1:')),
        core,
        tail(['a', 'el', '~', '^', 'rc'], ['', '.', '~', '^', '-', '_']),
      );
    case 'semver':
    case 'go':
    case 'pub':
    case 'nuget':
      return fc.oneof(strictSemver, joined(optional(fc.constant('v')), core, optional(identifier.map((i) => `-${i}`))));
    case 'pep440':
      return fc.oneof(
        joined(
          optional(fc.constant('1!')),
          core,
          optional(joined(fc.constantFrom('a', 'b', 'rc', '.alpha', '-pre'), optional(number))),
          optional(joined(fc.constantFrom('.post', '-', '.r'), number)),
          optional(joined(fc.constant('.dev'), optional(number))),
          optional(fc.constantFrom('+1', '+a', '+a.1', '+a.b')),
        ),
        joined(core, tail(['foo', 'pre', 'dev', 'final', 'zoo'], ['-', '.', ''])),
      );
    case 'maven':
      return joined(
        core,
        tail(['alpha', 'a', 'b', 'rc', 'cr', 'snapshot', 'ga', 'final', 'sp', 'x', '', '0'], ['.', '-', '']),
      );
    case 'rubygems':
      return joined(core, tail(['a', 'b', 'rc', 'pre'], ['.', '-']));
    case 'packagist':
      return joined(
        optional(fc.constant('v')),
        core,
        tail(['dev', 'alpha', 'a', 'b', 'RC', 'rc', 'p', 'pl', 'foo'], ['-', '.', '', '+']),
      );
    case 'cran':
      return fc
        .array(number, { minLength: 1, maxLength: 4 })
        .chain((parts) => fc.constantFrom('.', '-').map((separator) => parts.join(separator)));
    case 'hackage':
      return core;
  }
}
