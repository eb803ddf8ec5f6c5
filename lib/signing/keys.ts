import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { algorithmsOf, verifyWith } from './algorithms.ts';
import { signingError } from './errors.ts';
import type { PublicKey, SignatureAlgorithm } from './model.ts';

/** A public key that signatures are checked against. */
export interface VerificationKey {
  readonly keyId: string;
  /** What it can be used with, the usual one first. */
  readonly algorithms: readonly SignatureAlgorithm[];
  /** With which algorithm the signature over the message is this key's; a signature of another shape is just not it. */
  algorithmOf(message: Uint8Array, signature: Uint8Array): SignatureAlgorithm | undefined;
  /** Whether the signature over the message is this key's, by the algorithm, or by any that it can be used with. */
  verifies(message: Uint8Array, signature: Uint8Array, algorithm?: SignatureAlgorithm): boolean;
}

/** @throws LadingError `key-unusable` unless it is ECDSA, Ed25519, RSA of 2048 bits or more, or ML-DSA (FIPS 204) */
export const parseVerificationKey = (pem: string | Uint8Array): VerificationKey =>
  toVerificationKey(readPublicKey(pem));

/** @throws LadingError `key-unusable` */
export function toVerificationKey(key: KeyObject): VerificationKey {
  const algorithms = algorithmsOf(key);
  const algorithmOf: VerificationKey['algorithmOf'] = (message, signature) =>
    algorithms.find((algorithm) => verifyWith(key, algorithm, message, signature));
  return {
    keyId: keyIdOf(key.export({ type: 'spki', format: 'der' })),
    algorithms,
    algorithmOf,
    verifies: (message, signature, algorithm) =>
      algorithm === undefined
        ? algorithmOf(message, signature) !== undefined
        : algorithms.includes(algorithm) && verifyWith(key, algorithm, message, signature),
  };
}

function readPublicKey(pem: string | Uint8Array): KeyObject {
  try {
    return createPublicKey(typeof pem === 'string' ? pem : { key: Buffer.from(pem), format: 'der', type: 'spki' });
  } catch (cause) {
    throw signingError('key-unusable', 'the public key cannot be read', {
      cause,
      hint: 'give a PEM block that begins with -----BEGIN PUBLIC KEY-----',
    });
  }
}

export const keyIdOf = (spki: Uint8Array): string => createHash('sha256').update(spki).digest('base64');

/**
 * The public half as signers need it.
 *
 * @param algorithm what the signer signs with; the usual one of the key when absent
 * @throws LadingError `key-unusable` where the key cannot be used with it
 */
export function describePublicKey(key: KeyObject, algorithm?: SignatureAlgorithm): PublicKey {
  const algorithms = algorithmsOf(key);
  if (algorithm !== undefined && !algorithms.includes(algorithm)) {
    throw signingError('key-unusable', `the key signs with ${algorithms.join(' or ')}, not ${algorithm}`);
  }
  const spki = key.export({ type: 'spki', format: 'der' });
  return {
    algorithm: algorithm ?? algorithms[0],
    pem: key.export({ type: 'spki', format: 'pem' }).toString(),
    spki: new Uint8Array(spki),
    hint: keyIdOf(spki),
  };
}
