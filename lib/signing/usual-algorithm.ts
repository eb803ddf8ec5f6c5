import type { KeyObject } from 'node:crypto';
import { algorithmsOf } from './algorithms.ts';
import { notationAlgorithmOf } from './formats/notation.ts';
import type { SignatureAlgorithm, SignatureFormat } from './model.ts';

/**
 * What a key signs with in a format: Notary Project wants PSS of RSA, cosign verifies PKCS #1.
 *
 * @throws LadingError `key-unusable`
 */
export function usualAlgorithm(publicKey: KeyObject, format: SignatureFormat): SignatureAlgorithm {
  const [usual] = algorithmsOf(publicKey);
  return format.startsWith('notation-') ? (notationAlgorithmOf(publicKey) ?? usual) : usual;
}
