import { createHash } from 'node:crypto';

/** 4,096 buckets: with 64 KiB each, far more than any ecosystem's advisories. */
export const MAX_BITS = 12;

/** The bucket of a package name: the first bits of its SHA-256, so that strangers' names spread evenly. */
export function bucketOf(name: string, bits: number): number {
  return createHash('sha256').update(name).digest().readUInt16BE(0) >>> (16 - bits);
}
