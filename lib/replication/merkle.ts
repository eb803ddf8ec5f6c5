import { createHash } from 'node:crypto';
import type { Digest } from '../core/digest.ts';

/*
 * What a repository holds, as one hash: a tree of 16 × 16 buckets over the hashes of keys. Two places that hold the same
 * have the same root; two that differ find out where by comparing 16 hashes, and 16 below each that differs, whatever
 * else they hold. A change touches one bucket and the two hashes above it.
 */

/** Hashes of the buckets that hold something, by number (0 to 255). Base64url. */
export type Buckets = ReadonlyMap<number, string>;

export interface MerkleTree {
  readonly root: Digest;
  readonly buckets: Buckets;
}

const FAN = 16;
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** The bucket of a key: the first byte of its hash, so that no names make one bucket grow. */
export const bucketOf = (key: string): number => createHash('sha256').update(key).digest()[0] as number;

/** @param leaves what is held, by a key that is unique: a tag with its digest, a manifest */
export function merkleTree(leaves: ReadonlyMap<string, string>): MerkleTree {
  const sorted = new Map<number, [string, string][]>();
  for (const leaf of leaves) {
    const bucket = bucketOf(leaf[0]);
    const known = sorted.get(bucket);
    if (known) known.push(leaf);
    else sorted.set(bucket, [leaf]);
  }
  return treeOf(new Map([...sorted].map(([bucket, own]) => [bucket, hashBucket(own)])));
}

export function hashBucket(leaves: readonly (readonly [string, string])[]): string {
  const hash = createHash('sha256').update(LEAF);
  // Lengths first: no two lists of leaves are written alike.
  for (const [key, value] of [...leaves].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${Buffer.byteLength(key)}:${key}${Buffer.byteLength(value)}:${value}`);
  }
  return hash.digest('base64url');
}

/** The tree over buckets whose hashes are known already. */
export function treeOf(buckets: Buckets): MerkleTree {
  const top = createHash('sha256').update(NODE);
  for (let node = 0; node < FAN; node++) top.update(hashNode(buckets, node));
  return { root: `sha256:${top.digest('hex')}`, buckets };
}

/** With other content in one bucket; `undefined`: with none. */
export function withBucket({ buckets }: MerkleTree, bucket: number, hash: string | undefined): MerkleTree {
  const changed = new Map(buckets);
  if (hash === undefined) changed.delete(bucket);
  else changed.set(bucket, hash);
  return treeOf(changed);
}

function hashNode(buckets: Buckets, node: number): Buffer {
  const hash = createHash('sha256').update(NODE);
  for (let i = 0; i < FAN; i++) hash.update(`${buckets.get(node * FAN + i) ?? ''};`);
  return hash.digest();
}

/** The buckets in which two trees differ: found from the root down, so that equal branches are never looked into. */
export function differingBuckets(a: MerkleTree, b: MerkleTree): readonly number[] {
  if (a.root === b.root) return [];
  const found: number[] = [];
  for (let node = 0; node < FAN; node++) {
    if (hashNode(a.buckets, node).equals(hashNode(b.buckets, node))) continue;
    for (let bucket = node * FAN; bucket < (node + 1) * FAN; bucket++) {
      if (a.buckets.get(bucket) !== b.buckets.get(bucket)) found.push(bucket);
    }
  }
  return found;
}
