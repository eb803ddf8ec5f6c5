import { createPublicKey } from 'node:crypto';
import { z } from 'zod';
import { AwsError, type Caller, operation } from '../json-service.ts';
import { bytes, grantTokens, keyId, onKey, usableKey } from './calls.ts';
import { MU_BYTES, signMu, verifiesMu } from './external-mu.ts';
import { encryptionAlgorithms, type SigningAlgorithm, signingAlgorithms } from './key-specs.ts';
import { type KeyStore, keyArn, type StoredKey } from './keys.ts';
import { createSignature, digestLength, isSignature, type Signed } from './signatures.ts';

/** API reference, Sign: a message is at most 4,096 bytes; what is longer is hashed by the caller. */
const MAX_MESSAGE = 4096;

const signInput = z.strictObject({
  KeyId: keyId,
  Message: bytes(1, MAX_MESSAGE),
  MessageType: z.enum(['RAW', 'DIGEST', 'EXTERNAL_MU']).default('RAW'),
  SigningAlgorithm: z.string(),
  GrantTokens: grantTokens,
});
type SignInput = z.infer<typeof signInput>;

const verifyInput = signInput.extend({ Signature: bytes(1, 6144) });

interface Task {
  readonly key: StoredKey;
  readonly algorithm: SigningAlgorithm;
  readonly signed: Signed | { readonly type: 'MU'; readonly mu: Uint8Array };
}

/** @throws AwsError `InvalidKeyUsageException`, `ValidationException`, `UnsupportedOperationException` */
function taskOf(keys: KeyStore, input: SignInput, caller: Caller, operationName: string): Task {
  const key = usableKey(keys, input.KeyId, caller, 'SIGN_VERIFY', operationName);
  const algorithm = signingAlgorithms(key.spec).find(({ name }) => name === input.SigningAlgorithm);
  if (algorithm === undefined) {
    throw new AwsError(
      'InvalidKeyUsageException',
      `Algorithm ${input.SigningAlgorithm} is incompatible with key spec ${key.spec}.`,
    );
  }
  if (input.MessageType === 'RAW') return { key, algorithm, signed: { type: 'RAW', message: input.Message } };
  const isMu = input.MessageType === 'EXTERNAL_MU';
  if (isMu !== (algorithm.kind === 'ml-dsa')) {
    throw new AwsError(
      'ValidationException',
      `Message type ${input.MessageType} is incompatible with key spec ${key.spec}.`,
    );
  }
  if (algorithm.kind === 'ml-dsa') {
    if (input.Message.length !== MU_BYTES)
      throw new AwsError('ValidationException', 'External mu is of invalid length.');
    return { key, algorithm, signed: { type: 'MU', mu: input.Message } };
  }
  if (input.Message.length !== digestLength(algorithm.hash)) {
    throw new AwsError('ValidationException', `Digest is invalid length for algorithm ${algorithm.name}.`);
  }
  return { key, algorithm, signed: { type: 'DIGEST', digest: input.Message } };
}

export const signingOperations = (keys: KeyStore) => ({
  Sign: operation({
    input: signInput,
    permissions: onKey(keys, 'Sign'),
    run: async (input, caller) => {
      const { key, algorithm, signed } = taskOf(keys, input, caller, 'Sign');
      const privateKey = keys.privateKey(key);
      const signature =
        signed.type === 'MU'
          ? await signMu(key.spec, privateKey, signed.mu)
          : createSignature(algorithm, privateKey, signed);
      return {
        KeyId: keyArn(key, caller.accountId),
        Signature: signature.toString('base64'),
        SigningAlgorithm: algorithm.name,
      };
    },
  }),
  Verify: operation({
    input: verifyInput,
    permissions: onKey(keys, 'Verify'),
    run: async (input, caller) => {
      const { key, algorithm, signed } = taskOf(keys, input, caller, 'Verify');
      const privateKey = keys.privateKey(key);
      const holds =
        signed.type === 'MU'
          ? await verifiesMu(key.spec, createPublicKey(privateKey), signed.mu, input.Signature)
          : isSignature(algorithm, privateKey, signed, input.Signature);
      if (!holds) {
        throw new AwsError('KMSInvalidSignatureException', '');
      }
      return { KeyId: keyArn(key, caller.accountId), SignatureValid: true, SigningAlgorithm: algorithm.name };
    },
  }),
  GetPublicKey: operation({
    input: z.strictObject({ KeyId: keyId, GrantTokens: grantTokens }),
    permissions: onKey(keys, 'GetPublicKey'),
    run: ({ KeyId }, caller) => {
      const found = keys.find(KeyId, caller);
      const arn = keyArn(found, caller.accountId);
      if (found.spec === 'SYMMETRIC_DEFAULT') {
        throw new AwsError(
          'UnsupportedOperationException',
          `${arn} key spec is SYMMETRIC_DEFAULT which is not valid for GetPublicKey.`,
        );
      }
      const key = usableKey(keys, KeyId, caller, found.usage, 'GetPublicKey');
      return {
        KeyId: arn,
        PublicKey: createPublicKey(keys.privateKey(key)).export({ type: 'spki', format: 'der' }).toString('base64'),
        CustomerMasterKeySpec: key.spec,
        KeySpec: key.spec,
        KeyUsage: key.usage,
        ...algorithmLists(key),
      };
    },
  }),
});

export const algorithmLists = (key: StoredKey) =>
  key.usage === 'SIGN_VERIFY'
    ? { SigningAlgorithms: signingAlgorithms(key.spec).map(({ name }) => name) }
    : { EncryptionAlgorithms: encryptionAlgorithms(key.spec) };
