import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Hash } from './key-specs.ts';

/** EMSA-PSS of RFC 8017 section 9.1, for a hash that was made elsewhere; MGF1 with the same hash, salt of its length. */

function mgf1(hash: Hash, seed: Uint8Array, length: number): Buffer {
  const blocks: Buffer[] = [];
  for (let counter = 0, have = 0; have < length; counter++) {
    const block = createHash(hash).update(seed).update(uint32(counter)).digest();
    blocks.push(block);
    have += block.length;
  }
  return Buffer.concat(blocks).subarray(0, length);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

const xor = (a: Uint8Array, b: Uint8Array): Buffer => Buffer.from(a.map((byte, i) => byte ^ (b[i] ?? 0)));

const hashOf = (hash: Hash, digest: Uint8Array, salt: Uint8Array): Buffer =>
  createHash(hash).update(Buffer.alloc(8)).update(digest).update(salt).digest();

/** Section 9.1.1; `bits` is the length of the modulus, of which the encoded message has one less. */
export function encodePss(hash: Hash, digest: Uint8Array, bits: number): Buffer {
  const length = Math.ceil((bits - 1) / 8);
  const salt = randomBytes(digest.length);
  const h = hashOf(hash, digest, salt);
  const db = Buffer.concat([Buffer.alloc(length - salt.length - h.length - 2), Buffer.of(1), salt]);
  const masked = xor(db, mgf1(hash, h, db.length));
  masked[0] = (masked[0] ?? 0) & (0xff >> (8 * length - (bits - 1)));
  return Buffer.concat([masked, h, Buffer.of(0xbc)]);
}

/** Section 9.1.2. */
export function matchesPss(hash: Hash, digest: Uint8Array, encoded: Uint8Array, bits: number): boolean {
  const length = Math.ceil((bits - 1) / 8);
  const size = digest.length;
  if (encoded.length !== length || length < 2 * size + 2 || encoded[length - 1] !== 0xbc) return false;
  const masked = encoded.subarray(0, length - size - 1);
  const h = encoded.subarray(length - size - 1, length - 1);
  const top = 0xff >> (8 * length - (bits - 1));
  if (((masked[0] ?? 0) & ~top) !== 0) return false;
  const db = xor(masked, mgf1(hash, h, masked.length));
  db[0] = (db[0] ?? 0) & top;
  const padding = db.subarray(0, db.length - size - 1);
  if (padding.some((byte) => byte !== 0) || db[padding.length] !== 1) return false;
  return timingSafeEqual(hashOf(hash, digest, db.subarray(db.length - size)), h);
}
