import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { signingError } from '../errors.ts';
import { describeSigningKey } from '../keys.ts';
import type { Signer } from '../ports.ts';

/**
 * Signs with a key that this process holds: for a laptop and for tests. Where Lading is deployed the key stays in KMS.
 *
 * @param pem PKCS#8, unencrypted, ECDSA on P-256
 * @throws LadingError `key-unusable`
 */
export function localSigner(pem: string): Signer {
  const privateKey = readPrivateKey(pem);
  const publicKey = describeSigningKey(createPublicKey(privateKey));
  return {
    algorithm: 'ecdsa-p256-sha256',
    sign: async (payload) => new Uint8Array(sign('sha256', payload, { key: privateKey, dsaEncoding: 'der' })),
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
