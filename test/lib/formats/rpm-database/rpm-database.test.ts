import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLadingError } from '../../../../lib/core/errors.ts';
import { RpmDatabaseError, readRpmDatabase } from '../../../../lib/formats/rpm-database/index.ts';
import { berkeleyRpmDatabase, type HeaderInput, ndbRpmDatabase, rpmHeader, sqliteRpmDatabase } from './rpm-builder.ts';

const forms = [
  ['SQLite', sqliteRpmDatabase],
  ['ndb', ndbRpmDatabase],
  ['Berkeley DB', (blobs: readonly Buffer[]) => berkeleyRpmDatabase(blobs)],
  ['Berkeley DB of a big-endian machine', (blobs: readonly Buffer[]) => berkeleyRpmDatabase(blobs, 'big')],
] as const;

const bash: HeaderInput = {
  name: 'bash',
  version: '5.1.8',
  release: '6.el9',
  epoch: 2,
  arch: 'x86_64',
  sourceRpm: 'bash-5.1.8-6.el9.src.rpm',
  license: 'GPLv3+',
  provides: ['bash', '/bin/sh'],
  requires: ['libc.so.6()(64bit)', 'filesystem'],
};

const word = fc.string({ unit: fc.constantFrom(...'abcXYZ012.+~_'), minLength: 1, maxLength: 12 });
const header: fc.Arbitrary<HeaderInput> = fc.record(
  {
    name: word,
    version: word,
    release: word,
    epoch: fc.nat(),
    arch: word,
    license: word,
    provides: fc.uniqueArray(word, { maxLength: 5 }),
    padding: fc.nat(3000),
  },
  { requiredKeys: ['name', 'version', 'release'] },
);

describe.each(forms)('an RPM database in the form of %s', (_form, build) => {
  it('tells its packages', () => {
    const [first, second, ...rest] = readRpmDatabase(
      build([rpmHeader(bash), rpmHeader({ name: 'tiny', version: '1', release: '2', padding: 5000 })]),
    );
    expect(first).toEqual({ ...bash, vendor: undefined, modularityLabel: undefined });
    expect(second).toMatchObject({ name: 'tiny', version: '1', release: '2', epoch: undefined, requires: [] });
    expect(rest).toEqual([]);
    expect(readRpmDatabase(build([]))).toEqual([]);
  });

  it('tells whatever packages there are, of any size', () => {
    fc.assert(
      fc.property(fc.array(header, { maxLength: 12 }), (headers) => {
        const found = readRpmDatabase(build(headers.map(rpmHeader)));
        expect(found.map(({ name, version, release, epoch }) => ({ name, version, release, epoch }))).toEqual(
          headers.map(({ name, version, release, epoch }) => ({ name, version, release, epoch })),
        );
        expect(found.map((one) => one.provides)).toEqual(headers.map((one) => one.provides ?? []));
      }),
      { numRuns: 20 },
    );
  });

  it('is refused with an error that says so where bytes are damaged, whichever', () => {
    const whole = build([rpmHeader(bash), rpmHeader({ ...bash, name: 'big', padding: 2000 }), rpmHeader(bash)]);
    const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), fc.option(fc.nat(whole.length)), (changes, length) => {
        const file = Buffer.from(whole.subarray(0, length ?? whole.length));
        for (const [at, byte] of changes) file[at] = byte;
        try {
          readRpmDatabase(file);
        } catch (error) {
          expect(isLadingError(error)).toBe(true);
        }
      }),
      { numRuns: 1500 },
    );
  });
});

describe('an RPM database', () => {
  it('may hold headers that are no packages, and none that are cut off', () => {
    const nameless = rpmHeader({ name: '', version: '1', release: '1' });
    expect(readRpmDatabase(ndbRpmDatabase([nameless]))).toEqual([]);
    expect(() => readRpmDatabase(ndbRpmDatabase([rpmHeader(bash).subarray(0, 60)]))).toThrow(RpmDatabaseError);
  });

  it('is none without its table, its magic or its content', () => {
    expect(() => readRpmDatabase(Buffer.from('Package: x'))).toThrow();
    expect(() => readRpmDatabase(Buffer.alloc(0))).toThrow();
    expect(() => readRpmDatabase(Buffer.alloc(8192))).toThrow();
  });

  it('ends where slots name one blob again and again', () => {
    const file = ndbRpmDatabase([rpmHeader({ ...bash, padding: 3000 })]);
    for (let slot = 3; slot < 256; slot++) file.copy(file, slot * 16, 32, 48);
    expect(() => readRpmDatabase(file)).toThrow(RpmDatabaseError);
  });
});
