import { createPrivateKey, type KeyObject, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { LadingError } from '../../../../lib/core/errors.ts';
import { AwsError, type Caller } from '../json-service.ts';
import { openStateDocument } from '../state/atomic-file.ts';
import { allowsUsage, generateMaterial, type KeySpec, type KeyUsage, keySpec, keyUsage } from './key-specs.ts';

const storedKey = z
  .object({
    id: z.string(),
    region: z.string(),
    /** The resource of the template that it was made for. */
    logicalId: z.string(),
    spec: keySpec,
    usage: keyUsage,
    description: z.string(),
    created: z.number(),
    enabled: z.boolean(),
    /** PKCS #8 in PEM, or Base64 of 32 bytes. */
    material: z.string(),
  })
  .readonly();
export type StoredKey = z.infer<typeof storedKey>;

const state = z
  .object({
    keys: z.array(storedKey).readonly(),
    aliases: z.array(z.object({ region: z.string(), name: z.string(), keyId: z.string() }).readonly()).readonly(),
  })
  .readonly();
type State = z.infer<typeof state>;

/** A key as the template declares it (`AWS::KMS::Key`). */
export interface KeyDeclaration {
  readonly region: string;
  readonly logicalId: string;
  readonly keySpec: KeySpec;
  readonly keyUsage: KeyUsage;
  /** With or without `alias/` in front. */
  readonly alias?: string;
  readonly description?: string;
}

/** The keys of all regions, in one private file. */
export interface KeyStore {
  /** The key of that resource, made at the first call. With another spec or usage it is a new key, and the old one stays. */
  declare(declaration: KeyDeclaration): Promise<StoredKey>;
  setAlias(region: string, alias: string, keyId: string): Promise<void>;
  setEnabled(key: StoredKey, enabled: boolean): Promise<void>;
  /** By id, ARN, alias name or alias ARN. @throws AwsError `NotFoundException` */
  find(reference: string, caller: Caller): StoredKey;
  byId(id: string): StoredKey | undefined;
  list(region: string): readonly StoredKey[];
  aliases(region: string): readonly { readonly name: string; readonly keyId: string }[];
  privateKey(key: StoredKey): KeyObject;
}

export const keyArn = (key: Pick<StoredKey, 'region' | 'id'>, accountId: string): string =>
  `arn:aws:kms:${key.region}:${accountId}:key/${key.id}`;

const aliasName = (alias: string): string => (alias.startsWith('alias/') ? alias : `alias/${alias}`);

export async function openKeyStore(directory: string, now: () => number): Promise<KeyStore> {
  const document = await openStateDocument<State>(join(directory, 'keys.json'), state, { keys: [], aliases: [] });
  const keyObjects = new Map<string, KeyObject>();
  const byId = (id: string): StoredKey | undefined => document.current().keys.find((key) => key.id === id);

  return {
    byId,
    declare: async (declaration) => {
      const { region, logicalId, keySpec: spec, keyUsage: usage, alias, description = '' } = declaration;
      if (!allowsUsage(spec, usage)) {
        throw new LadingError('key-invalid', `a key ${logicalId} of spec ${spec} cannot be for ${usage}`);
      }
      const isSame = (key: StoredKey): boolean =>
        key.region === region && key.logicalId === logicalId && key.spec === spec && key.usage === usage;
      return document.update((current) => {
        const existing = current.keys.find(isSame);
        const key = existing ?? {
          id: randomUUID(),
          region,
          logicalId,
          spec,
          usage,
          description,
          created: now(),
          enabled: true,
          material: generateMaterial(spec),
        };
        const aliases = alias ? withAlias(current.aliases, region, alias, key.id) : current.aliases;
        if (existing && aliases === current.aliases) return { next: current, result: key };
        return { next: { keys: existing ? current.keys : [...current.keys, key], aliases }, result: key };
      });
    },
    setAlias: (region, alias, keyId) =>
      document.update((current) => ({
        next: { ...current, aliases: withAlias(current.aliases, region, alias, keyId) },
        result: undefined,
      })),
    setEnabled: ({ id }, enabled) =>
      document.update((current) => ({
        next: { ...current, keys: current.keys.map((key) => (key.id === id ? { ...key, enabled } : key)) },
        result: undefined,
      })),
    find: (reference, caller) => {
      const arn = /^arn:aws:kms:([^:]*):([^:]*):(key\/|alias\/)(.+)$/.exec(reference);
      const name = arn ? (arn[3] === 'alias/' ? `alias/${arn[4]}` : (arn[4] ?? '')) : reference;
      const here = arn === null || (arn[1] === caller.region && arn[2] === caller.accountId);
      const isAlias = name.startsWith('alias/');
      const id = isAlias
        ? document.current().aliases.find((alias) => alias.region === caller.region && alias.name === name)?.keyId
        : name;
      const key = here && id !== undefined ? byId(id) : undefined;
      if (key?.region === caller.region) return key;
      const prefix = `arn:aws:kms:${caller.region}:${caller.accountId}:`;
      throw new AwsError(
        'NotFoundException',
        isAlias
          ? `Alias ${arn ? reference : prefix + name} is not found.`
          : `Key '${arn ? reference : `${prefix}key/${name}`}' does not exist`,
      );
    },
    list: (region) => document.current().keys.filter((key) => key.region === region),
    aliases: (region) => document.current().aliases.filter((alias) => alias.region === region),
    privateKey: ({ id, material }) => {
      const known = keyObjects.get(id) ?? createPrivateKey(material);
      keyObjects.set(id, known);
      return known;
    },
  };
}

function withAlias(aliases: State['aliases'], region: string, alias: string, keyId: string): State['aliases'] {
  const name = aliasName(alias);
  if (aliases.some((known) => known.region === region && known.name === name && known.keyId === keyId)) return aliases;
  const others = aliases.filter((other) => other.region !== region || other.name !== name);
  return [...others, { region, name, keyId }];
}
