import { createHash, type Hash } from 'node:crypto';
import { LadingError } from './errors.ts';

/** A content digest as in the OCI image specification ("Digests"): `algorithm:hex`, sha256 or sha512. */
export type Digest = `sha256:${string}` | `sha512:${string}`;

const PATTERN = /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/;

export const isDigest = (text: unknown): text is Digest => typeof text === 'string' && PATTERN.test(text);

/** @throws LadingError `digest-invalid` when the text is no sha256 or sha512 digest in lower-case hex. */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new LadingError('digest-invalid', `"${text.slice(0, 140)}" is not a sha256 or sha512 digest`);
}

export function digestOf(content: Uint8Array | string): Digest {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

export const digestAlgorithm = (digest: Digest): 'sha256' | 'sha512' =>
  digest.startsWith('sha256:') ? 'sha256' : 'sha512';

export const digestHex = (digest: Digest): string => digest.slice(7);

/** Hashes a stream piece by piece with the algorithm of the digest that is expected of it. */
export function createDigester(algorithm: 'sha256' | 'sha512' = 'sha256'): {
  update(chunk: Uint8Array): void;
  digest(): Digest;
} {
  const hash: Hash = createHash(algorithm);
  return {
    update: (chunk) => void hash.update(chunk),
    digest: () => `${algorithm}:${hash.digest('hex')}` as Digest,
  };
}

/** `sha256:9f86d081884c…` shortened for people. */
export const shortDigest = (digest: string): string => digest.replace(/^(sha\d+:[a-f0-9]{12}).*$/, '$1');
