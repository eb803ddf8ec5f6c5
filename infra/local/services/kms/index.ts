import { z } from 'zod';
import { type Clock, systemClock } from '../../../../lib/core/clock.ts';
import { AwsError, type Caller, epochSeconds, jsonService, operation, pageOf } from '../json-service.ts';
import type { LocalService } from '../service.ts';
import { keyId, onAll, onKey } from './calls.ts';
import { openSymmetric, sealSymmetric } from './encryption.ts';
import { encryptionOperations } from './encryption-operations.ts';
import { type KeyDeclaration, type KeyStore, keyArn, openKeyStore, type StoredKey } from './keys.ts';
import { algorithmLists, signingOperations } from './signing-operations.ts';

export type { KeySpec, KeyUsage } from './key-specs.ts';
export type { KeyDeclaration } from './keys.ts';

/** Encryption under the key that AWS keeps for a service (`alias/aws/ssm`), for that service's use. */
export interface ServiceSealer {
  seal(region: string, plaintext: string, context: Readonly<Record<string, string>>): Promise<string>;
  open(region: string, ciphertext: string, context: Readonly<Record<string, string>>): Promise<string>;
}

export interface KmsService extends LocalService {
  /** The key of a resource of the template: made once, with the same id ever after. */
  createKey(declaration: KeyDeclaration): Promise<{ readonly keyId: string; readonly arn: string }>;
  /** `AWS::KMS::Alias`; takes over an alias that points elsewhere. */
  createAlias(declaration: { readonly region: string; readonly alias: string; readonly keyId: string }): Promise<void>;
  sealerFor(service: 'ssm'): ServiceSealer;
}

export interface KmsOptions {
  /** The folder of the key file. */
  readonly directory: string;
  readonly accountId: string;
  readonly clock?: Clock;
}

/**
 * KMS with key material in a private file of the state folder.
 *
 * @throws LadingError `state-invalid`
 */
export async function openKmsService({ directory, accountId, clock = systemClock }: KmsOptions): Promise<KmsService> {
  const keys = await openKeyStore(directory, () => clock.now().getTime());
  const service = jsonService({
    name: 'kms',
    invalid: 'ValidationException',
    operations: { ...signingOperations(keys), ...encryptionOperations(keys), ...managementOperations(keys) },
  });
  return {
    ...service,
    createKey: async (declaration) => {
      const key = await keys.declare(declaration);
      return { keyId: key.id, arn: keyArn(key, accountId) };
    },
    createAlias: ({ region, alias, keyId: id }) => keys.setAlias(region, alias, id),
    sealerFor: (name) => sealer(keys, name),
  };
}

function sealer(keys: KeyStore, service: string): ServiceSealer {
  const keyIn = (region: string): Promise<StoredKey> =>
    keys.declare({
      region,
      logicalId: `aws/${service}`,
      keySpec: 'SYMMETRIC_DEFAULT',
      keyUsage: 'ENCRYPT_DECRYPT',
      alias: `alias/aws/${service}`,
    });
  return {
    seal: async (region, plaintext, context) =>
      sealSymmetric(await keyIn(region), Buffer.from(plaintext), context).toString('base64'),
    open: async (region, ciphertext, context) =>
      openSymmetric(await keyIn(region), Buffer.from(ciphertext, 'base64'), context).toString(),
  };
}

const paging = { Limit: z.number().int().min(1).max(1000).default(100), Marker: z.string().optional() };
const badMarker = (): AwsError => new AwsError('InvalidMarkerException', 'The marker is not one of a previous answer.');

const managementOperations = (keys: KeyStore) => ({
  DescribeKey: operation({
    input: z.strictObject({ KeyId: keyId, GrantTokens: z.array(z.string()).optional() }),
    permissions: onKey(keys, 'DescribeKey'),
    run: ({ KeyId }, caller) => ({ KeyMetadata: metadata(keys.find(KeyId, caller), caller) }),
  }),
  ListKeys: operation({
    input: z.strictObject(paging),
    permissions: onAll('ListKeys'),
    run: ({ Limit, Marker }, caller) => {
      const { page, next } = pageOf(keys.list(caller.region), ({ id }) => id, Limit, Marker, badMarker);
      return {
        Keys: page.map((key) => ({ KeyId: key.id, KeyArn: keyArn(key, caller.accountId) })),
        Truncated: next !== undefined,
        NextMarker: next,
      };
    },
  }),
  ListAliases: operation({
    input: z.strictObject({ ...paging, KeyId: keyId.optional() }),
    permissions: onAll('ListAliases'),
    run: ({ Limit, Marker, KeyId }, caller) => {
      const only = KeyId === undefined ? undefined : keys.find(KeyId, caller).id;
      const all = keys.aliases(caller.region).filter((alias) => only === undefined || alias.keyId === only);
      const { page, next } = pageOf(all, ({ name }) => name, Limit, Marker, badMarker);
      return {
        Aliases: page.map(({ name, keyId: target }) => ({
          AliasName: name,
          AliasArn: `arn:aws:kms:${caller.region}:${caller.accountId}:${name}`,
          TargetKeyId: target,
        })),
        Truncated: next !== undefined,
        NextMarker: next,
      };
    },
  }),
  EnableKey: operation({
    input: z.strictObject({ KeyId: keyId }),
    permissions: onKey(keys, 'EnableKey'),
    run: ({ KeyId }, caller) => keys.setEnabled(keys.find(KeyId, caller), true),
  }),
  DisableKey: operation({
    input: z.strictObject({ KeyId: keyId }),
    permissions: onKey(keys, 'DisableKey'),
    run: ({ KeyId }, caller) => keys.setEnabled(keys.find(KeyId, caller), false),
  }),
});

const metadata = (key: StoredKey, { accountId }: Caller) => ({
  AWSAccountId: accountId,
  KeyId: key.id,
  Arn: keyArn(key, accountId),
  CreationDate: epochSeconds(key.created),
  Enabled: key.enabled,
  KeyState: key.enabled ? 'Enabled' : 'Disabled',
  Description: key.description,
  KeyUsage: key.usage,
  KeySpec: key.spec,
  CustomerMasterKeySpec: key.spec,
  KeyManager: key.logicalId.startsWith('aws/') ? 'AWS' : 'CUSTOMER',
  Origin: 'AWS_KMS',
  MultiRegion: false,
  ...algorithmLists(key),
});
