import { constants, type KeyObject, sign, verify } from 'node:crypto';
import { signingError } from './errors.ts';
import type { SignatureAlgorithm } from './model.ts';

const MIN_RSA_BITS = 2048;

const CURVES: ReadonlyMap<string, SignatureAlgorithm> = new Map([
  // What cosign pairs (sigstore/sigstore, `signature.LoadVerifier`) and Notary Project asks for.
  ['prime256v1', 'ecdsa-p256-sha256'],
  ['secp384r1', 'ecdsa-p384-sha384'],
  ['secp521r1', 'ecdsa-p521-sha512'],
]);
const ML_DSA: ReadonlyMap<string, SignatureAlgorithm> = new Map([
  ['ml-dsa-44', 'ml-dsa-44'],
  ['ml-dsa-65', 'ml-dsa-65'],
  ['ml-dsa-87', 'ml-dsa-87'],
]);

/**
 * The algorithms that a key can be used with, the usual one first.
 *
 * @throws LadingError `key-unusable` unless it is ECDSA, Ed25519, RSA of 2048 bits or more, or ML-DSA (FIPS 204)
 */
export function algorithmsOf(key: KeyObject): readonly [SignatureAlgorithm, ...SignatureAlgorithm[]] {
  const type: string = key.asymmetricKeyType ?? 'unknown';
  const { namedCurve = '', modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (type === 'ec') {
    const found = CURVES.get(namedCurve);
    if (found !== undefined) return [found];
    throw signingError('key-unusable', `the curve ${namedCurve} is not one that signatures are made on`);
  }
  if (type === 'ed25519') return ['ed25519'];
  if (type === 'rsa') {
    if (modulusLength < MIN_RSA_BITS)
      throw signingError('key-unusable', `an RSA key of ${modulusLength} bits is too short to trust`);
    return ['rsa-pkcs1-sha256', 'rsa-pss-sha256', 'rsa-pss-sha384', 'rsa-pss-sha512'];
  }
  const found = ML_DSA.get(type);
  if (found !== undefined) return [found];
  throw signingError('key-unusable', `a key of type ${type} does not verify signatures`);
}

interface Mechanics {
  /** `undefined` for algorithms that hash by themselves. */
  readonly hash: 'sha256' | 'sha384' | 'sha512' | undefined;
  readonly pss: boolean;
}

export function mechanicsOf(algorithm: SignatureAlgorithm): Mechanics {
  const hash = /sha(?:256|384|512)$/.exec(algorithm)?.[0] as Mechanics['hash'];
  return { hash, pss: algorithm.startsWith('rsa-pss-') };
}

/** RFC 8017, section 8.1: the salt is as long as the hash (RFC 7518, section 3.5; RFC 8230, section 2). */
const keyInput = (key: KeyObject, { pss }: Mechanics) =>
  pss
    ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : { key, dsaEncoding: 'der' as const };

/** ECDSA signatures are DER-encoded. */
export function signWith(key: KeyObject, algorithm: SignatureAlgorithm, message: Uint8Array): Uint8Array {
  const mechanics = mechanicsOf(algorithm);
  return new Uint8Array(sign(mechanics.hash, message, keyInput(key, mechanics)));
}

/** A signature of another shape is just not it. */
export function verifyWith(
  key: KeyObject,
  algorithm: SignatureAlgorithm,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const mechanics = mechanicsOf(algorithm);
  try {
    return verify(mechanics.hash, message, keyInput(key, mechanics), signature);
  } catch {
    return false;
  }
}
