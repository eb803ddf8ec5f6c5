import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { inclusionProof, merkleRoot, verifyInclusion } from '../../../lib/audit/index.ts';
import { type Digest, digestOf } from '../../../lib/core/digest.ts';
import { range } from './support.ts';

const leavesOf = (count: number): Digest[] => (count === 0 ? [] : range(1, count).map((n) => digestOf(`entry ${n}`)));
const hash = (...parts: Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();

/** The same tree another way: pairs level by level, an odd one goes up unchanged. */
function rootByLevels(leaves: readonly Digest[]): Digest {
  let level = leaves.map((leaf) => hash(Buffer.of(0), Buffer.from(leaf.slice(7), 'hex')));
  while (level.length > 1) {
    const above: Buffer[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const [left, right] = [level[i] as Buffer, level[i + 1]];
      above.push(right === undefined ? left : hash(Buffer.of(1), left, right));
    }
    level = above;
  }
  return `sha256:${(level[0] ?? hash()).toString('hex')}`;
}

describe('the Merkle tree of a segment', () => {
  it('has the root of RFC 9162', () => {
    expect(merkleRoot([])).toBe(digestOf(''));
    for (const count of range(1, 40)) expect(merkleRoot(leavesOf(count))).toBe(rootByLevels(leavesOf(count)));
    expect(merkleRoot(leavesOf(1000))).toBe(rootByLevels(leavesOf(1000)));
  });

  it('proves each entry, in its place and no other', () => {
    for (const size of range(1, 33)) {
      const leaves = leavesOf(size);
      const root = merkleRoot(leaves);
      for (const [index, leaf] of leaves.entries()) {
        const proof = inclusionProof(leaves, index);
        const claim = { leaf, index, size, root };
        expect(verifyInclusion(claim, proof)).toBe(true);
        expect(verifyInclusion({ ...claim, leaf: digestOf('other') }, proof)).toBe(false);
        expect(verifyInclusion({ ...claim, root: digestOf('other') }, proof)).toBe(false);
        expect(verifyInclusion({ ...claim, index: index + 1 }, proof)).toBe(false);
        expect(verifyInclusion(claim, [...proof, digestOf('more')])).toBe(false);
        if (proof.length > 0) expect(verifyInclusion(claim, proof.slice(1))).toBe(false);
      }
    }
    expect(inclusionProof(leavesOf(1000), 567)).toHaveLength(10);
  });
});
