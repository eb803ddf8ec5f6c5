import { createHash, createPublicKey } from 'node:crypto';
import { GetPublicKeyCommand, type KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { isLadingError } from '../../core/errors.ts';
import { signingError } from '../errors.ts';
import { describeSigningKey } from '../keys.ts';
import type { PublicKey } from '../model.ts';
import type { Signer } from '../ports.ts';

/** KMS hashes messages of up to this many bytes itself; of longer ones it signs the digest (KMS API, `Sign`). */
const MAX_RAW_BYTES = 4096;

/**
 * Signs with a KMS key of the spec ECC_NIST_P256. The public key is asked for once per process.
 *
 * @param keyId key id, ARN or alias
 */
export function kmsSigner(client: Pick<KMSClient, 'send'>, keyId: string): Signer {
  let known: Promise<PublicKey> | undefined;
  return {
    algorithm: 'ecdsa-p256-sha256',
    async sign(payload) {
      const raw = payload.length <= MAX_RAW_BYTES;
      const { Signature } = await ask(keyId, () =>
        client.send(
          new SignCommand({
            KeyId: keyId,
            SigningAlgorithm: 'ECDSA_SHA_256',
            MessageType: raw ? 'RAW' : 'DIGEST',
            Message: raw ? payload : createHash('sha256').update(payload).digest(),
          }),
        ),
      );
      if (Signature === undefined)
        throw signingError('signer-unavailable', `KMS answered without a signature of ${keyId}`);
      return Signature;
    },
    publicKey() {
      known ??= fetchPublicKey(client, keyId).catch((error: unknown) => {
        known = undefined;
        throw error;
      });
      return known;
    },
  };
}

async function fetchPublicKey(client: Pick<KMSClient, 'send'>, keyId: string): Promise<PublicKey> {
  const { PublicKey: spki } = await ask(keyId, () => client.send(new GetPublicKeyCommand({ KeyId: keyId })));
  if (spki === undefined) throw signingError('signer-unavailable', `KMS answered without the public key of ${keyId}`);
  return describeSigningKey(createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' }));
}

async function ask<T>(keyId: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    if (isLadingError(cause)) throw cause;
    throw signingError('signer-unavailable', `KMS did not answer for the key ${keyId}`, { cause });
  }
}
