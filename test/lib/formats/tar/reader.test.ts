import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LadingError } from '../../../../lib/core/errors.ts';
import { type TarEntry, TarReader, type TarReaderOptions } from '../../../../lib/formats/tar/index.ts';
import {
  metaEntry,
  padded,
  paxRecords,
  type TarEntryInput,
  tarArchive,
  tarEntry,
  tarHeader,
} from '../../../support/tar-writer.ts';

const END = Buffer.alloc(1024);

interface Seen extends TarEntry {
  readonly content: string;
}

function read(archive: Uint8Array, options: TarReaderOptions & { readonly step?: number } = {}) {
  const seen: Seen[] = [];
  const reader = new TarReader(
    {
      entry: (entry) => {
        const parts: Uint8Array[] = [];
        return {
          write: (chunk) => void parts.push(chunk),
          end: () => void seen.push({ ...entry, content: Buffer.concat(parts).toString('latin1') }),
        };
      },
    },
    options,
  );
  const step = options.step ?? archive.length;
  for (let at = 0; at < archive.length; at += step) reader.feed(archive.subarray(at, at + step));
  return { seen, summary: reader.end() };
}

const codeOf = (work: () => unknown): string => {
  try {
    work();
    return 'none';
  } catch (error) {
    return error instanceof LadingError ? error.code : `untyped: ${String(error)}`;
  }
};

describe('a tar reader', () => {
  it('gives back entries of every type with their contents', () => {
    const { seen, summary } = read(
      tarArchive([
        { path: 'etc/' },
        { path: 'etc/passwd', content: 'root', mode: 0o600 },
        { path: 'etc/mtab', type: 'symlink', linkname: '/proc/mounts' },
        { path: 'etc/shadow', type: 'hardlink', linkname: 'etc/passwd' },
        { path: 'dev/null', type: 'character-device' },
        { path: 'run/pipe', type: 'fifo' },
        { path: 'empty', content: '' },
      ]),
    );
    expect(
      seen.map(({ path, type, linkname, size, mode, content }) => [path, type, linkname, size, mode, content]),
    ).toEqual([
      ['etc/', 'directory', '', 0, 0o755, ''],
      ['etc/passwd', 'file', '', 4, 0o600, 'root'],
      ['etc/mtab', 'symlink', '/proc/mounts', 0, 0o777, ''],
      ['etc/shadow', 'hardlink', 'etc/passwd', 0, 0o644, ''],
      ['dev/null', 'device', '', 0, 0o644, ''],
      ['run/pipe', 'fifo', '', 0, 0o644, ''],
      ['empty', 'file', '', 0, 0o644, ''],
    ]);
    expect(summary).toEqual({ entries: 7, contentBytes: 4, globalHeaders: 0, closed: true, trailingData: false });
  });

  it("refuses records that Go's reader refuses, and reads sizes as that does", () => {
    const withRecord = (key: string, value: string): Buffer =>
      Buffer.concat([metaEntry('x', paxRecords([[key, value]])), tarEntry({ path: 'a', content: 'abc' }), END]);
    const refused = [
      ['mtime', 'yesterday'],
      ['atime', '1.2.3'],
      ['uid', '0x10'],
      ['uname', 'a\0b'],
      ['SCHILY.xattr.a\0b', 'c'],
    ] as const;
    for (const [key, value] of refused) expect(codeOf(() => read(withRecord(key, value)))).toBe('tar-malformed');
    for (const [key, value] of [
      ['mtime', '-1.5'],
      ['gid', '5'],
      ['size', '+0000000000000000000000003'],
    ] as const) {
      expect(read(withRecord(key, value)).seen).toMatchObject([{ path: 'a', content: 'abc' }]);
    }
  });

  it('reads the same archive alike whatever the chunks are', () => {
    const entry = fc.record({
      path: fc.stringMatching(/^[a-zé漢/.]{1,150}$/).filter((path) => !path.endsWith('/')),
      content: fc.uint8Array({ maxLength: 1500 }),
      longNames: fc.constantFrom('pax' as const, 'gnu' as const),
    });
    fc.assert(
      fc.property(
        fc.array(entry, { maxLength: 8 }),
        fc.integer({ min: 1, max: 1400 }),
        (entries: TarEntryInput[], step) => {
          const { seen, summary } = read(tarArchive(entries), { step });
          expect(seen.map((one) => [one.path, one.content])).toEqual(
            entries.map((one) => [one.path, Buffer.from(one.content ?? '').toString('latin1')]),
          );
          expect(summary.closed).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('takes long names from PAX records, from GNU entries, and from the ustar prefix', () => {
    const long = 'd/'.repeat(120);
    const prefixed = tarHeader({ path: 'name', typeflag: '0', patch: (block) => void block.write('some/prefix', 345) });
    const { seen } = read(
      Buffer.concat([
        tarEntry({ path: `${long}pax` }),
        tarEntry({ path: `${long}gnu`, type: 'symlink', linkname: `${long}to`, longNames: 'gnu' }),
        prefixed,
        END,
      ]),
    );
    expect(seen.map((one) => [one.path, one.linkname])).toEqual([
      [`${long}pax`, ''],
      [`${long}gnu`, `${long}to`],
      ['some/prefix/name', ''],
    ]);
  });

  it('keeps an extended header for the next entry only', () => {
    const archive = Buffer.concat([
      metaEntry('x', paxRecords({ path: 'first-try' })),
      metaEntry('x', paxRecords({ path: 'renamed' })),
      tarEntry({ path: 'original' }),
      tarEntry({ path: 'plain' }),
      END,
    ]);
    expect(read(archive).seen.map((one) => one.path)).toEqual(['renamed', 'plain']);
  });

  it('applies a global header, or skips it as container runtimes do', () => {
    const archive = Buffer.concat([
      metaEntry('g', paxRecords({ path: 'everywhere' })),
      tarEntry({ path: 'a' }),
      metaEntry('x', paxRecords({ path: '' })),
      tarEntry({ path: 'b' }),
      END,
    ]);
    expect(read(archive).seen.map((one) => one.path)).toEqual(['everywhere', 'everywhere']);
    const skipped = read(archive, { globalHeaders: 'skip' });
    expect(skipped.seen.map((one) => one.path)).toEqual(['a', 'b']);
    expect(skipped.summary.globalHeaders).toBe(1);
  });

  it('reads base-256 sizes and refuses negative ones', () => {
    const field = (hex: string) => Buffer.from(hex.padStart(24, '0'), 'hex');
    const positive = field('5');
    positive[0] = 0x80;
    const header = tarHeader({ path: 'big', typeflag: '0', sizeField: positive });
    expect(read(Buffer.concat([header, padded(Buffer.from('hello')), END])).seen[0]?.content).toBe('hello');
    const negative = tarHeader({ path: 'neg', typeflag: '0', sizeField: Buffer.alloc(12, 0xff) });
    expect(codeOf(() => read(Buffer.concat([negative, END])))).toBe('tar-malformed');
    const huge = tarHeader({ path: 'huge', typeflag: '0', sizeField: Buffer.from('80ffffffffffffffffffffff', 'hex') });
    expect(codeOf(() => read(Buffer.concat([huge, END])))).toBe('tar-malformed');
    const word = tarHeader({ path: 'word', typeflag: '0', sizeField: Buffer.from('12x4\0\0\0\0\0\0\0\0') });
    expect(codeOf(() => read(Buffer.concat([word, END])))).toBe('tar-malformed');
  });

  it('keeps names apart that are not UTF-8', () => {
    const named = (byte: number) =>
      tarHeader({ path: '', typeflag: '0', patch: (block) => void block.set([0x61, byte], 0) });
    const { seen } = read(Buffer.concat([named(0xfe), named(0xff), END]));
    expect(seen.map((one) => one.path)).toEqual(['a\udcfe', 'a\udcff']);
  });

  it('takes a name with a slash at its end for a file, unless the type is that of the oldest archives', () => {
    const now = tarHeader({ path: 'db/installed/', typeflag: '0', size: 2 });
    const old = tarHeader({ path: 'old/', typeflag: '\0', size: 2, magic: '\0\0\0\0\0\0\0\0' });
    const { seen } = read(Buffer.concat([now, padded(Buffer.from('ab')), old, END]));
    expect(seen.map((one) => [one.type, one.content])).toEqual([
      ['file', 'ab'],
      ['directory', ''],
    ]);
  });

  it('accepts an archive without its closing blocks and tells of data after them', () => {
    const entry = tarEntry({ path: 'a', content: 'x' });
    expect(read(entry).summary.closed).toBe(false);
    expect(read(Buffer.alloc(0)).summary).toMatchObject({ entries: 0, closed: false });
    const after = read(Buffer.concat([entry, END, tarEntry({ path: 'hidden' }), END]));
    expect(after.seen.map((one) => one.path)).toEqual(['a']);
    expect(after.summary).toMatchObject({ closed: true, trailingData: true });
    expect(read(Buffer.concat([entry, END, Buffer.alloc(9000)])).summary.trailingData).toBe(false);
  });
});

describe('sparse files', () => {
  const logical = `abc${'\0'.repeat(7)}def${'\0'.repeat(2)}`;
  const name = 'sparse.bin';

  it('are expanded from old GNU headers, with extension blocks', () => {
    const octal = (value: number) => `${value.toString(8).padStart(11, '0')}\0`;
    const header = (extended: boolean, pairs: [number, number][], stored: number, real: number) =>
      tarHeader({
        path: name,
        typeflag: 'S',
        size: stored,
        magic: 'ustar  \0',
        patch: (block) => {
          pairs.forEach(([at, length], i) => void block.write(octal(at) + octal(length), 386 + i * 24));
          block[482] = extended ? 1 : 0;
          block.write(octal(real), 483);
        },
      });
    const simple = Buffer.concat([
      header(
        false,
        [
          [0, 3],
          [10, 3],
        ],
        6,
        15,
      ),
      padded(Buffer.from('abcdef')),
      END,
    ]);
    expect(read(simple).seen).toMatchObject([{ path: name, size: 15, sparse: true, content: logical }]);
    const extension = Buffer.alloc(512);
    extension.write(octal(8) + octal(1), 0);
    const first: [number, number][] = [
      [0, 1],
      [2, 1],
      [4, 1],
      [6, 1],
    ];
    const extended = Buffer.concat([header(true, first, 5, 10), extension, padded(Buffer.from('abcde')), END]);
    for (const step of [1, 7, 512, 5000]) {
      expect(read(extended, { step }).seen[0]?.content).toBe('a\0b\0c\0d\0e\0');
    }
  });

  it('are expanded from PAX records 0.0, 0.1 and from a map in the data, 1.0', () => {
    const stored = padded(Buffer.from('abcdef'));
    const plain = (size: number) => tarHeader({ path: 'placeholder', typeflag: '0', size });
    const zero = paxRecords([
      ['GNU.sparse.size', '15'],
      ['GNU.sparse.numblocks', '2'],
      ['GNU.sparse.offset', '0'],
      ['GNU.sparse.numbytes', '3'],
      ['GNU.sparse.offset', '10'],
      ['GNU.sparse.numbytes', '3'],
    ]);
    const one = paxRecords({ 'GNU.sparse.size': '15', 'GNU.sparse.map': '0,3,10,3', 'GNU.sparse.name': name });
    const inData = paxRecords({
      'GNU.sparse.major': '1',
      'GNU.sparse.minor': '0',
      'GNU.sparse.name': name,
      'GNU.sparse.realsize': '15',
    });
    const map = padded(Buffer.from('2\n0\n3\n10\n3\n'));
    const archive = Buffer.concat([
      ...[metaEntry('x', zero), plain(6), stored],
      ...[metaEntry('x', one), plain(6), stored],
      ...[metaEntry('x', inData), plain(512 + 6), map, stored],
      tarEntry({ path: 'after', content: 'next' }),
      END,
    ]);
    for (const step of [3, 512, 100_000]) {
      const { seen, summary } = read(archive, { step });
      expect(seen.map((entry) => [entry.path, entry.size, entry.content])).toEqual([
        ['placeholder', 15, logical],
        [name, 15, logical],
        [name, 15, logical],
        ['after', 4, 'next'],
      ]);
      expect(summary.contentBytes).toBe(49);
    }
  });

  it('are refused where the map overlaps, passes the end, or does not fit what is stored', () => {
    const sparse = (map: string, size: string, stored: number) => () =>
      read(
        Buffer.concat([
          metaEntry('x', paxRecords({ 'GNU.sparse.size': size, 'GNU.sparse.map': map, 'GNU.sparse.name': name })),
          tarHeader({ path: 'p', typeflag: '0', size: stored }),
          padded(Buffer.alloc(stored)),
          END,
        ]),
      );
    expect(codeOf(sparse('0,3,2,3', '15', 6))).toBe('tar-malformed');
    expect(codeOf(sparse('0,3,14,3', '15', 6))).toBe('tar-malformed');
    expect(codeOf(sparse('0,3,10,3', '15', 7))).toBe('tar-malformed');
    expect(codeOf(sparse('0,3,10', '15', 3))).toBe('tar-malformed');
    expect(codeOf(sparse('0,3', '-1', 3))).toBe('tar-malformed');
    expect(codeOf(sparse('0,3', '1000000000000', 3))).toBe('limit-exceeded');
  });

  it('count with their holes, so that a small archive cannot promise petabytes', () => {
    const archive = Buffer.concat([
      metaEntry(
        'x',
        paxRecords({ 'GNU.sparse.size': '1000000000000000', 'GNU.sparse.map': '0,0', 'GNU.sparse.name': name }),
      ),
      tarHeader({ path: 'p', typeflag: '0', size: 0 }),
      END,
    ]);
    const reader = new TarReader({ entry: () => undefined });
    expect(codeOf(() => reader.feed(archive))).toBe('limit-exceeded');
  });
});

describe('hostile archives', () => {
  it('with a NUL in a PAX path, or a broken record, are malformed', () => {
    for (const content of [
      paxRecords({ path: 'a\0b' }),
      paxRecords({ linkpath: 'a\0b' }),
      paxRecords({ size: '-5' }),
      paxRecords({ size: '99999999999999999999' }),
      Buffer.from('30 path=short\n'),
      Buffer.from('no length at all\n'),
      Buffer.from('7 path\n'),
      Buffer.from('6 =ab\n'),
    ]) {
      const archive = Buffer.concat([metaEntry('x', content), tarEntry({ path: 'a' }), END]);
      expect(codeOf(() => read(archive))).toBe('tar-malformed');
    }
  });

  it('with too large headers, paths, contents, or too many entries are over a limit', () => {
    const header = tarHeader({ path: 'x', typeflag: 'x', size: 1024 * 1024 + 1 });
    expect(codeOf(() => read(header))).toBe('limit-exceeded');
    expect(codeOf(() => read(tarArchive([{ path: 'a'.repeat(5000) }])))).toBe('limit-exceeded');
    expect(codeOf(() => read(tarArchive([{ path: '漢'.repeat(1400), longNames: 'gnu' }])))).toBe('limit-exceeded');
    const three = tarArchive([{ path: 'a', content: 'aaaa' }, { path: 'b', content: 'bbbb' }, { path: 'c' }]);
    expect(codeOf(() => read(three, { limits: { maxEntries: 2 } }))).toBe('limit-exceeded');
    expect(codeOf(() => read(three, { limits: { maxContentBytes: 7 } }))).toBe('limit-exceeded');
  });

  it('that are cut anywhere end in a typed error or lack only their end', () => {
    const archive = tarArchive([
      { path: `${'p'.repeat(200)}`, content: 'content' },
      { path: 'b', content: 'c'.repeat(600) },
    ]);
    for (let length = 0; length < archive.length; length += 37) {
      expect(['none', 'tar-malformed']).toContain(codeOf(() => read(archive.subarray(0, length))));
    }
    expect(codeOf(() => read(archive.subarray(0, 2300)))).toBe('tar-malformed');
  });

  it('with any bit turned never do anything but succeed or fail with a type', () => {
    const archive = Buffer.concat([
      tarEntry({
        path: 'x'.repeat(150),
        pax: { 'GNU.sparse.size': '5', 'GNU.sparse.map': '0,5', 'GNU.sparse.name': 's' },
        content: '12345',
      }),
      tarEntry({ path: 'y'.repeat(150), longNames: 'gnu', content: 'abc' }),
      END,
    ]);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(archive.length - 1), fc.integer({ min: 1, max: 255 })), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.boolean(),
        (flips, fixChecksums) => {
          const mutated = Buffer.from(archive);
          for (const [at, mask] of flips) mutated[at] = (mutated[at] as number) ^ mask;
          if (fixChecksums) repairChecksums(mutated);
          expect(['none', 'tar-malformed', 'limit-exceeded']).toContain(codeOf(() => read(mutated, { step: 300 })));
        },
      ),
      { numRuns: 400 },
    );
  });

  it('of random blocks are never taken for an archive', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 512, maxLength: 2000 }), (bytes) => {
        fc.pre(bytes.subarray(0, 512).some((byte) => byte !== 0));
        expect(codeOf(() => read(bytes))).toBe('tar-malformed');
      }),
      { numRuns: 50 },
    );
  });
});

/** So that a mutation gets past the checksum: every block that looks like a header gets a right one. */
function repairChecksums(archive: Buffer): void {
  for (let at = 0; at + 512 <= archive.length; at += 512) {
    const block = archive.subarray(at, at + 512);
    if (!block.toString('latin1', 257, 262).startsWith('usta')) continue;
    block.fill(0x20, 148, 156);
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  }
}
