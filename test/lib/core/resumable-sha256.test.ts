import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resumableSha256, SHA256_BLOCK } from '../../../lib/core/resumable-sha256.ts';

const reference = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('SHA-256 over several processes', () => {
  it('is the SHA-256 of node:crypto, wherever it was broken off', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.array(fc.nat({ max: 9 }), { maxLength: 4 }), (bytes, stops) => {
        let hash = resumableSha256();
        let at = 0;
        for (const blocks of stops) {
          const to = Math.min(at + blocks * SHA256_BLOCK, bytes.length - (bytes.length % SHA256_BLOCK));
          hash.update(bytes.subarray(at, to));
          at = to;
          hash = resumableSha256({ state: hash.state(), bytes: at });
        }
        expect(hash.finish(bytes.subarray(at))).toBe(reference(bytes));
      }),
    );
  });

  it('refuses what is no state, and to stop within a block', () => {
    expect(() => resumableSha256({ state: 'x', bytes: 64 })).toThrow(TypeError);
    expect(() => resumableSha256().update(new Uint8Array(65))).toThrow(TypeError);
  });
});
