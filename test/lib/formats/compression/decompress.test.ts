import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LadingError } from '../../../../lib/core/errors.ts';
import { type Compression, decompress } from '../../../../lib/formats/compression/index.ts';

async function* chunked(
  bytes: Uint8Array,
  step: number,
  failAt = Number.POSITIVE_INFINITY,
): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += step) {
    if (at >= failAt) throw new Error('the line went dead');
    yield bytes.subarray(at, at + step);
  }
}

async function unpack(
  bytes: Uint8Array,
  step = 64 * 1024,
): Promise<{ text: Buffer; compression: Compression | undefined }> {
  const parts: Buffer[] = [];
  let compression: Compression | undefined;
  const onCompression = (seen: Compression): void => {
    compression = seen;
  };
  for await (const part of decompress(chunked(bytes, step), { onCompression })) parts.push(Buffer.from(part));
  return { text: Buffer.concat(parts), compression };
}

const codeOf = async (bytes: Uint8Array, step?: number): Promise<string> => {
  try {
    await unpack(bytes, step);
    return 'none';
  } catch (error) {
    return error instanceof LadingError ? error.code : `untyped: ${String(error)}`;
  }
};

const noise = (length: number): Buffer => {
  const bytes = Buffer.alloc(length);
  for (let i = 0, seed = 42; i < length; i++) {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    bytes[i] = seed >> 16;
  }
  return bytes;
};
const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4]);
const streamed = (content: Buffer): Buffer =>
  zstdCompressSync(content, { params: { [constants.ZSTD_c_contentSizeFlag]: 0, [constants.ZSTD_c_checksumFlag]: 1 } });

describe('unpacking', () => {
  it('knows gzip, zstd and plain bytes by what they are', async () => {
    const content = Buffer.from('some content');
    expect(await unpack(gzipSync(content))).toEqual({ text: content, compression: 'gzip' });
    expect(await unpack(zstdCompressSync(content))).toEqual({ text: content, compression: 'zstd' });
    expect(await unpack(content)).toEqual({ text: content, compression: 'none' });
    expect(await unpack(Buffer.alloc(0))).toEqual({ text: Buffer.alloc(0), compression: 'none' });
    expect(await codeOf(Buffer.from('\xfd7zXZ\0rest', 'latin1'))).toBe('compression-unsupported');
    expect(await codeOf(Buffer.from('BZh91AY'))).toBe('compression-unsupported');
  });

  it('reads every member and every frame, small and large, in chunks of any length', async () => {
    const large = noise(700_000);
    const parts = [Buffer.from('first'), Buffer.alloc(0), large, Buffer.from('last')];
    const expected = Buffer.concat(parts);
    const members = Buffer.concat(parts.map((part) => gzipSync(part)));
    const frames = Buffer.concat([
      skippable,
      zstdCompressSync(parts[0] as Buffer),
      streamed(parts[1] as Buffer),
      skippable,
      streamed(large),
      zstdCompressSync(parts[3] as Buffer),
      skippable,
    ]);
    for (const step of [13_337, 1_000_000]) {
      expect((await unpack(members, step)).text.equals(expected)).toBe(true);
      expect((await unpack(frames, step)).text.equals(expected)).toBe(true);
    }
    const small = Buffer.concat([skippable, zstdCompressSync(Buffer.from('a')), streamed(Buffer.from('b')), skippable]);
    expect((await unpack(small, 1)).text.toString()).toBe('ab');
    const whole = zstdCompressSync(large);
    expect((await unpack(whole, 5000)).text.equals(large)).toBe(true);
  });

  it('says so when bytes are missing or damaged', async () => {
    for (const packed of [gzipSync(noise(3000)), zstdCompressSync(noise(3000)), streamed(noise(600_000))]) {
      for (const length of [packed.length - 1, packed.length >> 1, 20]) {
        expect(await codeOf(packed.subarray(0, length), 999)).toBe('compression-malformed');
      }
    }
    expect(await codeOf(Buffer.concat([gzipSync('a'), Buffer.from('more')]))).toBe('compression-malformed');
    expect(await codeOf(Buffer.concat([zstdCompressSync('a'), Buffer.from('more bytes')]))).toBe(
      'compression-malformed',
    );
    expect((await unpack(Buffer.concat([gzipSync('a'), Buffer.alloc(700)]), 100)).text.toString()).toBe('a');
  });

  it('refuses a zstd window over the cap before it takes the memory', async () => {
    const frame = Buffer.from(streamed(noise(600_000)));
    frame[5] = 18 << 3;
    expect(await codeOf(frame)).toBe('limit-exceeded');
    frame[5] = 31 << 3;
    expect(await codeOf(frame)).toBe('limit-exceeded');
  });

  it('passes errors of the source through as they are', async () => {
    for (const packed of [gzipSync(noise(9000)), streamed(noise(900_000)), noise(9000)]) {
      const reading = async () => {
        for await (const _ of decompress(chunked(packed, 100, 500)));
      };
      await expect(reading()).rejects.toThrow('the line went dead');
    }
  });

  it('stops reading the source when nobody wants more', async () => {
    let closed = false;
    async function* source() {
      try {
        yield* chunked(gzipSync(noise(2_000_000)), 10_000);
      } finally {
        closed = true;
      }
    }
    for await (const _ of decompress(source())) break;
    expect(closed).toBe(true);
  });

  it('ends in a typed error or in bytes, whatever bits are turned', async () => {
    const packed = [gzipSync(noise(2000)), Buffer.concat([zstdCompressSync(noise(500)), streamed(noise(300_000))])];
    await fc.assert(
      fc.asyncProperty(fc.nat(1), fc.nat(), fc.integer({ min: 1, max: 255 }), async (which, at, mask) => {
        const mutated = Buffer.from(packed[which] as Buffer);
        const place = at % Math.min(mutated.length, 600);
        mutated[place] = (mutated[place] as number) ^ mask;
        const code = await codeOf(mutated, 1000);
        expect(['none', 'compression-malformed', 'compression-unsupported', 'limit-exceeded']).toContain(code);
      }),
      { numRuns: 150 },
    );
  });
});
