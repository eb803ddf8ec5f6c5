import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bunzip2, isBzip2 } from '../../../../lib/formats/bzip2/index.ts';

const unpack = (packed: Uint8Array): Buffer => {
  const parts: Buffer[] = [];
  for (const piece of bunzip2(packed)) parts.push(Buffer.from(piece));
  return Buffer.concat(parts);
};

/** Two streams, one after the other: `<oval/>` three times, then `second stream`. */
const STREAMS = Buffer.from(
  'QlpoOTFBWSZTWX8NUyQAAAKZgAAAgAUgBIEAIAAiP1QAhgMWpzWueLuSKcKEg/hqmSBCWmg5MUFZJlNZ8JOX+wAABRGAQAAuA5wAIAAxANNNBAGjJVsOIPJIeLuSKcKEh4Scv9g=',
  'base64',
);

const PROGRAM = 'bzip2';

function packer(): string | undefined {
  try {
    execFileSync(PROGRAM, ['--version'], { stdio: ['ignore', 'pipe', 'pipe'] });
    return PROGRAM;
  } catch {
    return undefined;
  }
}
const program = packer();
const pack = (content: Uint8Array, level: string): Buffer =>
  execFileSync(program ?? '', ['-c', level], { input: content, maxBuffer: 64 * 1024 * 1024 });

describe('bzip2', () => {
  it('is told by its first bytes, and unpacked with all its streams', () => {
    expect(isBzip2(STREAMS)).toBe(true);
    expect(isBzip2(Buffer.from('BZh0'))).toBe(false);
    expect(unpack(STREAMS).toString()).toBe('<oval/><oval/><oval/>second stream');
  });

  it('that breaks off anywhere is an error, never less content', () => {
    for (let end = 0; end < STREAMS.length; end++) {
      const cut = STREAMS.subarray(0, end);
      if (end > 0 && unpackable(cut) === '<oval/><oval/><oval/>') continue;
      expect(() => unpack(cut), `${end} bytes`).toThrow(/bzip2/);
    }
  });
  const unpackable = (packed: Uint8Array): string | undefined => {
    try {
      return unpack(packed).toString();
    } catch {
      return undefined;
    }
  };

  it('with a flipped bit is an error or the same content (bits of padding)', () => {
    const whole = unpack(STREAMS).toString();
    for (let bit = 0; bit < STREAMS.length * 8; bit++) {
      const flipped = Buffer.from(STREAMS);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      expect([undefined, whole], `bit ${bit}`).toContain(unpackable(flipped));
    }
  });

  it('of any bytes ends, one way or the other', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
        const packed = Buffer.concat([STREAMS.subarray(0, 14), noise]);
        expect(unpackable(packed)).toBeUndefined();
      }),
    );
  });

  it.skipIf(!program)('is what the program bzip2 packed, at every size of block (needs bzip2 on PATH)', () => {
    const long = Buffer.from('aaaaaaaaabbbbbbbbbbbbbcd'.repeat(9000));
    const random = Buffer.from(Array.from({ length: 230_000 }, (_, i) => (i * 7919 + (i >> 3) * 31) & 0xff));
    for (const content of [Buffer.alloc(0), Buffer.from('a'), Buffer.alloc(2_500_000, 7), long, random]) {
      for (const level of ['-1', '-5', '-9']) {
        expect(unpack(pack(content, level)).equals(content), `${content.length} at ${level}`).toBe(true);
      }
    }
  });
});
