import { z } from 'zod';
import { AwsError, type Caller } from '../json-service.ts';
import type { RequiredPermission } from '../service.ts';
import type { KeyUsage } from './key-specs.ts';
import { type KeyStore, keyArn, type StoredKey } from './keys.ts';

/** What the operations of KMS share: fields of their inputs, the choice of the key, their permissions. */

export const keyId = z.string().min(1).max(2048);

/** Bytes, in Base64. */
export const bytes = (minimum: number, maximum: number) =>
  z
    .base64()
    .transform((text) => Buffer.from(text, 'base64'))
    .refine(
      ({ length }) => length >= minimum && length <= maximum,
      `Member must have length between ${minimum} and ${maximum}`,
    );

export const grantTokens = z.array(z.string()).optional();

/**
 * The key of a cryptographic operation.
 *
 * @throws AwsError `NotFoundException`, `DisabledException`, `InvalidKeyUsageException`
 */
export function usableKey(
  keys: KeyStore,
  reference: string,
  caller: Caller,
  usage: KeyUsage,
  operationName: string,
): StoredKey {
  const key = keys.find(reference, caller);
  const arn = keyArn(key, caller.accountId);
  if (!key.enabled) throw new AwsError('DisabledException', `${arn} is disabled.`);
  if (key.usage !== usage) {
    throw new AwsError(
      'InvalidKeyUsageException',
      `${arn} key usage is ${key.usage} which is not valid for ${operationName}.`,
    );
  }
  return key;
}

/** IAM looks at the key, whatever alias it was called by (Service Authorization Reference, "AWS KMS"). */
export const onKey =
  (keys: KeyStore, action: string) =>
  ({ KeyId }: { readonly KeyId: string }, caller: Caller): readonly RequiredPermission[] => [
    { action: `kms:${action}`, resource: keyArn(keys.find(KeyId, caller), caller.accountId) },
  ];

export const onAll = (action: string) => (): readonly RequiredPermission[] => [
  { action: `kms:${action}`, resource: '*' },
];
