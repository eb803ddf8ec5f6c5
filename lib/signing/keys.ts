import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { signingError } from './errors.ts';
import type { PublicKey } from './model.ts';

/** A public key that signatures are checked against. */
export interface VerificationKey {
  readonly keyId: string;
  /** Whether the signature over the message is this key's. A signature of another shape is just not it. */
  verifies(message: Uint8Array, signature: Uint8Array): boolean;
}

/** SHA-256 with P-256, and so on: what cosign pairs (sigstore/sigstore, `signature.LoadVerifier`). */
const EC_HASHES: ReadonlyMap<string, string> = new Map([
  ['prime256v1', 'sha256'],
  ['secp384r1', 'sha384'],
  ['secp521r1', 'sha512'],
]);
const MIN_RSA_BITS = 2048;

/** @throws LadingError `key-unusable` unless it is ECDSA, Ed25519, RSA of 2048 bits or more, or ML-DSA (FIPS 204) */
export function parseVerificationKey(pem: string | Uint8Array): VerificationKey {
  const key = readPublicKey(pem);
  const hash = hashFor(key);
  return {
    keyId: describePublicKey(key).hint,
    verifies: (message, signature) => {
      try {
        return verify(hash, message, key, signature);
      } catch {
        return false;
      }
    },
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

/** The hash that goes with the key; `undefined` for algorithms that hash by themselves. */
function hashFor(key: KeyObject): string | undefined {
  const type: string = key.asymmetricKeyType ?? 'unknown';
  const details = key.asymmetricKeyDetails ?? {};
  if (type === 'ec') {
    const hash = EC_HASHES.get(details.namedCurve ?? '');
    if (hash !== undefined) return hash;
    throw signingError('key-unusable', `the curve ${details.namedCurve} is not one that signatures are made on`);
  }
  if (type === 'ed25519' || /^ml-dsa-(?:44|65|87)$/.test(type)) return undefined;
  if (type === 'rsa') {
    if ((details.modulusLength ?? 0) >= MIN_RSA_BITS) return 'sha256';
    throw signingError('key-unusable', `an RSA key of ${details.modulusLength} bits is too short to trust`);
  }
  throw signingError('key-unusable', `a key of type ${type} does not verify signatures`);
}

function describePublicKey(key: KeyObject): PublicKey {
  const spki = key.export({ type: 'spki', format: 'der' });
  return {
    pem: key.export({ type: 'spki', format: 'pem' }).toString(),
    spki: new Uint8Array(spki),
    hint: createHash('sha256').update(spki).digest('base64'),
  };
}

/** The public half as our signers need it: ECDSA on P-256. @throws LadingError `key-unusable` */
export function describeSigningKey(key: KeyObject): PublicKey {
  if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') {
    return describePublicKey(key);
  }
  throw signingError('key-unusable', 'the signing key is not an ECDSA key on P-256', {
    hint: 'create one with cosign generate-key-pair, openssl ecparam -name prime256v1, or KMS ECC_NIST_P256',
  });
}
