import type { KeyObject } from 'node:crypto';
import type { KeySpec } from './key-specs.ts';

/** FIPS 204, algorithm 7: mu has 64 bytes. */
export const MU_BYTES = 64;

/**
 * ML-DSA over a value mu that was made elsewhere, as KMS takes what is too long for it (message type EXTERNAL_MU).
 * `node:crypto` hashes what it signs and takes no mu, so this is @noble/post-quantum's, loaded when it is first needed.
 */
export async function signMu(spec: KeySpec, key: KeyObject, mu: Uint8Array): Promise<Buffer> {
  const algorithm = await implementationOf(spec);
  // The private half of the JWK is the seed (RFC 9964, "AKP").
  const { secretKey } = algorithm.keygen(
    new Uint8Array(Buffer.from(String(key.export({ format: 'jwk' }).priv), 'base64url')),
  );
  return Buffer.from(algorithm.internal.sign(mu, secretKey, { externalMu: true }));
}

export async function verifiesMu(
  spec: KeySpec,
  key: KeyObject,
  mu: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const algorithm = await implementationOf(spec);
  const publicKey = new Uint8Array(Buffer.from(String(key.export({ format: 'jwk' }).pub), 'base64url'));
  return algorithm.internal.verify(new Uint8Array(signature), mu, publicKey, { externalMu: true });
}

async function implementationOf(spec: KeySpec) {
  const { ml_dsa44, ml_dsa65, ml_dsa87 } = await import('@noble/post-quantum/ml-dsa.js');
  return spec === 'ML_DSA_44' ? ml_dsa44 : spec === 'ML_DSA_87' ? ml_dsa87 : ml_dsa65;
}
