import { createHash } from 'node:crypto';
import { type Digest, digestHex } from '../core/digest.ts';

/*
 * The Merkle tree of certificate transparency (RFC 9162, section 2.1). Leaves are the hashes of entries. With the root
 * of a sealed segment and a proof of ten hashes, one entry can be shown to be in the trail without showing the others.
 */

const sha256 = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);
const bytesOf = (digest: Digest): Buffer => Buffer.from(digestHex(digest), 'hex');
const leafHash = (leaf: Digest): Buffer => sha256(LEAF, bytesOf(leaf));
const toDigest = (bytes: Buffer): Digest => `sha256:${bytes.toString('hex')}`;

/** The largest power of two below `n`. */
const split = (n: number): number => 2 ** (Math.ceil(Math.log2(n)) - 1);

function treeHash(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return leaves[0] as Buffer;
  const k = split(leaves.length);
  return sha256(NODE, treeHash(leaves.slice(0, k)), treeHash(leaves.slice(k)));
}

export const merkleRoot = (leaves: readonly Digest[]): Digest => toDigest(treeHash(leaves.map(leafHash)));

/** The hashes that, together with the leaf at `index`, give the root; from the leaf upwards. */
export function inclusionProof(leaves: readonly Digest[], index: number): readonly Digest[] {
  const path = (part: readonly Buffer[], at: number): Buffer[] => {
    if (part.length <= 1) return [];
    const k = split(part.length);
    return at < k
      ? [...path(part.slice(0, k), at), treeHash(part.slice(k))]
      : [...path(part.slice(k), at - k), treeHash(part.slice(0, k))];
  };
  return path(leaves.map(leafHash), index).map(toDigest);
}

/** RFC 9162, section 2.1.3.2. */
export function verifyInclusion(
  claim: { readonly leaf: Digest; readonly index: number; readonly size: number; readonly root: Digest },
  proof: readonly Digest[],
): boolean {
  if (claim.index < 0 || claim.index >= claim.size) return false;
  let at = claim.index;
  let last = claim.size - 1;
  let hash = leafHash(claim.leaf);
  for (const step of proof) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      hash = sha256(NODE, bytesOf(step), hash);
      while (at % 2 === 0 && at !== 0) {
        at = Math.floor(at / 2);
        last = Math.floor(last / 2);
      }
    } else {
      hash = sha256(NODE, hash, bytesOf(step));
    }
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && toDigest(hash) === claim.root;
}
