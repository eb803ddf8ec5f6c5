import { createHash, createPublicKey } from 'node:crypto';
import {
  GetPublicKeyCommand,
  type KMSClient,
  type MessageType,
  SignCommand,
  type SigningAlgorithmSpec,
} from '@aws-sdk/client-kms';
import { isLadingError } from '../../core/errors.ts';
import { mechanicsOf } from '../algorithms.ts';
import { signingError } from '../errors.ts';
import { describePublicKey } from '../keys.ts';
import type { PublicKey, SignatureAlgorithm } from '../model.ts';
import type { Signer } from '../ports.ts';

/** KMS hashes messages of up to this many bytes itself; of longer ones it signs the digest (KMS API, `Sign`). */
const MAX_RAW_BYTES = 4096;

const NAMES: ReadonlyMap<SignatureAlgorithm, SigningAlgorithmSpec> = new Map<SignatureAlgorithm, SigningAlgorithmSpec>([
  ['ecdsa-p256-sha256', 'ECDSA_SHA_256'],
  ['ecdsa-p384-sha384', 'ECDSA_SHA_384'],
  ['ecdsa-p521-sha512', 'ECDSA_SHA_512'],
  ['rsa-pkcs1-sha256', 'RSASSA_PKCS1_V1_5_SHA_256'],
  ['rsa-pss-sha256', 'RSASSA_PSS_SHA_256'],
  ['rsa-pss-sha384', 'RSASSA_PSS_SHA_384'],
  ['rsa-pss-sha512', 'RSASSA_PSS_SHA_512'],
  ['ml-dsa-44', 'ML_DSA_SHAKE_256'],
  ['ml-dsa-65', 'ML_DSA_SHAKE_256'],
  ['ml-dsa-87', 'ML_DSA_SHAKE_256'],
]);

/**
 * Signs with an asymmetric KMS key: ECC_NIST_P256, P384 or P521, RSA, or ML_DSA. The public key is asked for once per
 * process.
 *
 * @param keyId key id, ARN or alias
 * @param algorithm for RSA, which has two; the usual one of the key when absent
 */
export function kmsSigner(client: Pick<KMSClient, 'send'>, keyId: string, algorithm?: SignatureAlgorithm): Signer {
  let known: Promise<PublicKey> | undefined;
  const publicKey = (): Promise<PublicKey> => {
    known ??= fetchPublicKey(client, keyId, algorithm).catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
  return {
    publicKey,
    async sign(payload) {
      const key = await publicKey();
      const SigningAlgorithm = NAMES.get(key.algorithm);
      if (SigningAlgorithm === undefined) throw signingError('key-unusable', `KMS does not sign with ${key.algorithm}`);
      const message = toMessage(payload, key);
      const { Signature } = await ask(keyId, () =>
        client.send(new SignCommand({ KeyId: keyId, SigningAlgorithm, ...message })),
      );
      if (Signature === undefined)
        throw signingError('signer-unavailable', `KMS answered without a signature of ${keyId}`);
      return Signature;
    },
  };
}

/** What is too long for KMS goes as its digest; for ML-DSA, which has none, as the value mu. */
function toMessage(
  payload: Uint8Array,
  key: PublicKey,
): { readonly Message: Uint8Array; readonly MessageType: MessageType } {
  if (payload.length <= MAX_RAW_BYTES) return { Message: payload, MessageType: 'RAW' };
  const { hash } = mechanicsOf(key.algorithm);
  if (hash !== undefined) return { Message: createHash(hash).update(payload).digest(), MessageType: 'DIGEST' };
  return { Message: externalMu(payload, key), MessageType: 'EXTERNAL_MU' };
}

/**
 * FIPS 204, algorithm 7, line 6: mu = H(H(pk, 64) || M', 64), where M' is the message with an empty context before it
 * (algorithm 2). `pk` are the bits of the key, which end its SubjectPublicKeyInfo.
 */
function externalMu(payload: Uint8Array, { spki, algorithm }: PublicKey): Uint8Array {
  const shake = (...parts: readonly Uint8Array[]): Uint8Array => {
    const hash = createHash('shake256', { outputLength: 64 });
    for (const part of parts) hash.update(part);
    return hash.digest();
  };
  const length = ML_DSA_KEY_BYTES.get(algorithm) ?? 0;
  return shake(shake(spki.subarray(spki.length - length)), Uint8Array.of(0, 0), payload);
}

/** FIPS 204, table 2. */
const ML_DSA_KEY_BYTES: ReadonlyMap<SignatureAlgorithm, number> = new Map<SignatureAlgorithm, number>([
  ['ml-dsa-44', 1312],
  ['ml-dsa-65', 1952],
  ['ml-dsa-87', 2592],
]);

async function fetchPublicKey(
  client: Pick<KMSClient, 'send'>,
  keyId: string,
  algorithm: SignatureAlgorithm | undefined,
): Promise<PublicKey> {
  const { PublicKey: spki } = await ask(keyId, () => client.send(new GetPublicKeyCommand({ KeyId: keyId })));
  if (spki === undefined) throw signingError('signer-unavailable', `KMS answered without the public key of ${keyId}`);
  return describePublicKey(createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' }), algorithm);
}

async function ask<T>(keyId: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    if (isLadingError(cause)) throw cause;
    throw signingError('signer-unavailable', `KMS did not answer for the key ${keyId}`, { cause });
  }
}
