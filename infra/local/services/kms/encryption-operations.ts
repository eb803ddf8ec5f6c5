import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { AwsError, type Caller, operation } from '../json-service.ts';
import { bytes, grantTokens, keyId, onAll, onKey, usableKey } from './calls.ts';
import { invalidCiphertext, keyIdOf, openRsa, openSymmetric, sealRsa, sealSymmetric } from './encryption.ts';
import { encryptionAlgorithms } from './key-specs.ts';
import { type KeyStore, keyArn, type StoredKey } from './keys.ts';

const encryptionContext = z.record(z.string(), z.string()).default({});
const algorithmName = z.string().default('SYMMETRIC_DEFAULT');

const decryptInput = z.strictObject({
  KeyId: keyId.optional(),
  CiphertextBlob: bytes(1, 6144),
  EncryptionContext: encryptionContext,
  EncryptionAlgorithm: algorithmName,
  GrantTokens: grantTokens,
});
type DecryptInput = z.infer<typeof decryptInput>;

const dataKeyInput = z.strictObject({
  KeyId: keyId,
  KeySpec: z.enum(['AES_128', 'AES_256']).optional(),
  NumberOfBytes: z.number().int().min(1).max(1024).optional(),
  EncryptionContext: encryptionContext,
  GrantTokens: grantTokens,
});

function assertAlgorithm(key: StoredKey, algorithm: string): void {
  if (!encryptionAlgorithms(key.spec).includes(algorithm)) {
    throw new AwsError('InvalidKeyUsageException', `Algorithm ${algorithm} is incompatible with key spec ${key.spec}.`);
  }
}

/** The key that a ciphertext was made with: the blob of a symmetric key names it, RSA has to be told. */
function keyOfCiphertext(keys: KeyStore, input: DecryptInput, caller: Caller): StoredKey {
  if (input.EncryptionAlgorithm !== 'SYMMETRIC_DEFAULT') {
    if (input.KeyId === undefined)
      throw new AwsError('ValidationException', 'KeyId is required for an asymmetric key.');
    return keys.find(input.KeyId, caller);
  }
  const key = keys.byId(keyIdOf(input.CiphertextBlob));
  if (key === undefined || key.region !== caller.region) throw invalidCiphertext();
  if (input.KeyId !== undefined && keys.find(input.KeyId, caller).id !== key.id) {
    throw new AwsError(
      'IncorrectKeyException',
      'The key ID in the request does not identify a CMK that can perform this operation.',
    );
  }
  return key;
}

function generate(keys: KeyStore, input: z.infer<typeof dataKeyInput>, caller: Caller, operationName: string) {
  const key = usableKey(keys, input.KeyId, caller, 'ENCRYPT_DECRYPT', operationName);
  assertAlgorithm(key, 'SYMMETRIC_DEFAULT');
  if ((input.KeySpec === undefined) === (input.NumberOfBytes === undefined)) {
    throw new AwsError('ValidationException', 'Please specify either number of bytes or key spec.');
  }
  const plaintext = randomBytes(input.NumberOfBytes ?? (input.KeySpec === 'AES_128' ? 16 : 32));
  const sealed = sealSymmetric(key, plaintext, input.EncryptionContext);
  return { plaintext, answer: { KeyId: keyArn(key, caller.accountId), CiphertextBlob: sealed.toString('base64') } };
}

export const encryptionOperations = (keys: KeyStore) => ({
  Encrypt: operation({
    input: z.strictObject({
      KeyId: keyId,
      Plaintext: bytes(1, 4096),
      EncryptionContext: encryptionContext,
      EncryptionAlgorithm: algorithmName,
      GrantTokens: grantTokens,
    }),
    permissions: onKey(keys, 'Encrypt'),
    run: (input, caller) => {
      const key = usableKey(keys, input.KeyId, caller, 'ENCRYPT_DECRYPT', 'Encrypt');
      assertAlgorithm(key, input.EncryptionAlgorithm);
      const sealed =
        key.spec === 'SYMMETRIC_DEFAULT'
          ? sealSymmetric(key, input.Plaintext, input.EncryptionContext)
          : sealRsa(keys, key, input.EncryptionAlgorithm, input.Plaintext);
      return {
        KeyId: keyArn(key, caller.accountId),
        CiphertextBlob: sealed.toString('base64'),
        EncryptionAlgorithm: input.EncryptionAlgorithm,
      };
    },
  }),
  Decrypt: operation({
    input: decryptInput,
    permissions: (input, caller) => [
      { action: 'kms:Decrypt', resource: keyArn(keyOfCiphertext(keys, input, caller), caller.accountId) },
    ],
    run: (input, caller) => {
      const found = keyOfCiphertext(keys, input, caller);
      const key = usableKey(keys, found.id, caller, 'ENCRYPT_DECRYPT', 'Decrypt');
      assertAlgorithm(key, input.EncryptionAlgorithm);
      const plaintext =
        key.spec === 'SYMMETRIC_DEFAULT'
          ? openSymmetric(key, input.CiphertextBlob, input.EncryptionContext)
          : openRsa(keys, key, input.EncryptionAlgorithm, input.CiphertextBlob);
      return {
        KeyId: keyArn(key, caller.accountId),
        Plaintext: plaintext.toString('base64'),
        EncryptionAlgorithm: input.EncryptionAlgorithm,
      };
    },
  }),
  GenerateDataKey: operation({
    input: dataKeyInput,
    permissions: onKey(keys, 'GenerateDataKey'),
    run: (input, caller) => {
      const { plaintext, answer } = generate(keys, input, caller, 'GenerateDataKey');
      return { ...answer, Plaintext: plaintext.toString('base64') };
    },
  }),
  GenerateDataKeyWithoutPlaintext: operation({
    input: dataKeyInput,
    permissions: onKey(keys, 'GenerateDataKeyWithoutPlaintext'),
    run: (input, caller) => generate(keys, input, caller, 'GenerateDataKeyWithoutPlaintext').answer,
  }),
  GenerateRandom: operation({
    input: z.strictObject({ NumberOfBytes: z.number().int().min(1).max(1024) }),
    permissions: onAll('GenerateRandom'),
    run: ({ NumberOfBytes }) => ({ Plaintext: randomBytes(NumberOfBytes).toString('base64') }),
  }),
});
