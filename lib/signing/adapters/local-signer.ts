import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { signWith } from '../algorithms.ts';
import { signingError } from '../errors.ts';
import { describePublicKey } from '../keys.ts';
import type { SignatureAlgorithm } from '../model.ts';
import type { Signer } from '../ports.ts';

/**
 * Signs with a key that this process holds: for a laptop and for tests. Where Lading is deployed the key stays in KMS.
 *
 * @param key PKCS#8 as PEM, unencrypted, or read already: ECDSA, RSA of 2048 bits or more, Ed25519, ML-DSA
 * @param algorithm the usual one of the key when absent
 * @throws LadingError `key-unusable`
 */
export function localSigner(key: string | KeyObject, algorithm?: SignatureAlgorithm): Signer {
  const privateKey = typeof key === 'string' ? readPrivateKey(key) : key;
  const publicKey = describePublicKey(createPublicKey(privateKey), algorithm);
  return {
    sign: async (payload) => signWith(privateKey, publicKey.algorithm, payload),
    publicKey: async () => publicKey,
  };
}

function readPrivateKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw signingError('key-unusable', 'the private key cannot be read', {
      cause,
      hint: 'give an unencrypted PKCS#8 PEM block that begins with -----BEGIN PRIVATE KEY-----',
    });
  }
}
