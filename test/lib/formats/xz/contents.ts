import { createHash } from 'node:crypto';

/** Text with long and short repetitions. */
export const lines = (count: number): Buffer =>
  Buffer.from(Array.from({ length: count }, (_, i) => `line ${(i * i) % 97} of module_${i % 13}\n`).join(''));

/** Bytes that cannot be packed. */
export const noise = (bytes: number): Buffer =>
  Buffer.concat(
    Array.from({ length: Math.ceil(bytes / 32) }, (_, i) => createHash('sha256').update(String(i)).digest()),
  ).subarray(0, bytes);
