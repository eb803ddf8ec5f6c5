import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LadingError } from '../../../../lib/core/errors.ts';
import { readZip } from '../../../../lib/formats/zip/index.ts';
import { type Written, writeZip } from './write-zip.ts';

const limits = { entries: 100, entryBytes: 1_000_000, totalBytes: 3_000_000 };

const read = (archive: Uint8Array, caps = limits) =>
  [...readZip(archive, caps)].map(({ name, content }) => [name, Buffer.from(content).toString()]);
const file = (name: string, text: string, more: Partial<Written> = {}): Written => ({
  name,
  content: Buffer.from(text),
  ...more,
});

describe('readZip', () => {
  it('reads packed and stored files, and passes over folders', () => {
    const archive = writeZip(
      [
        file('a.json', '{"a":1}'),
        file('folder/', '', { stored: true }),
        file('folder/ü.json', 'stored', { stored: true }),
      ],
      { comment: 'PK a comment' },
    );
    expect(read(archive)).toEqual([
      ['a.json', '{"a":1}'],
      ['folder/ü.json', 'stored'],
    ]);
    expect(read(writeZip([]))).toEqual([]);
  });

  it('reads the ZIP64 forms, in which large collections of advisories come', () => {
    expect(read(writeZip([file('a', 'x', { zip64: true }), file('b', 'y')], { zip64: true }))).toEqual([
      ['a', 'x'],
      ['b', 'y'],
    ]);
  });

  it('unpacks only what is wanted', () => {
    const archive = writeZip([file('a.json', 'x'), file('bomb.bin', 'y', { claimed: { size: 4_000_000_000 } })]);
    expect([...readZip(archive, limits, (name) => name.endsWith('.json'))]).toHaveLength(1);
  });

  it.each([
    ['an entry over the cap', writeZip([{ name: 'a', content: Buffer.alloc(1_000_001) }])],
    [
      'entries that are over it together',
      writeZip(Array.from({ length: 4 }, (_, i) => ({ name: `${i}`, content: Buffer.alloc(900_000) }))),
    ],
    ['too many entries', writeZip(Array.from({ length: 101 }, (_, i) => file(`${i}`, '')))],
  ])('stops at %s', (_what, archive) => {
    expect(() => read(archive)).toThrow(expect.objectContaining({ code: 'limit-exceeded' }));
  });

  it.each([
    ['a size that is a lie', writeZip([file('a', 'xyz', { claimed: { size: 2 } })])],
    ['a size that is a lie upwards', writeZip([file('a', 'xyz', { claimed: { size: 5 } })])],
    ['a wrong checksum', writeZip([file('a', 'xyz', { claimed: { crc: 7 } })])],
    ['an encrypted entry', writeZip([file('a', 'xyz', { claimed: { flags: 1 } })])],
    ['an unknown packing', writeZip([file('a', 'xyz', { claimed: { method: 99 } })])],
    ['no end', writeZip([file('a', 'xyz')]).subarray(0, -1)],
    ['nothing', Buffer.alloc(0)],
    ['no archive', Buffer.from('<html>')],
  ])('refuses %s', (_what, archive) => {
    expect(() => read(archive)).toThrow(expect.objectContaining({ code: 'zip-invalid' }));
  });

  it('answers damaged archives with its own errors only', () => {
    const archive = writeZip([file('a.json', '{"a":1}'.repeat(20)), file('b', 'y', { zip64: true })], { zip64: true });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(archive.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (changes) => {
          const damaged = Buffer.from(archive);
          for (const [at, byte] of changes) damaged[at] = byte;
          try {
            read(damaged);
          } catch (error) {
            if (!(error instanceof LadingError)) throw error;
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
