import { z } from 'zod';
import { LadingError } from '../../core/errors.ts';
import { parseJsonStrict } from '../../core/json.ts';
import { decodeBase64 } from '../base64.ts';
import { canonicalOlpc } from './canonical.ts';
import type { TufDialect, TufKey } from './keys.ts';

export interface TufRole {
  readonly keyIds: readonly string[];
  readonly threshold: number;
}

/** What one file of metadata says of another. */
export interface TufMeta {
  readonly version?: number;
  readonly length?: number;
  /** Hex, by algorithm. */
  readonly hashes: ReadonlyMap<string, string>;
}

export interface TufTarget extends TufMeta {
  readonly length: number;
}

export interface Delegation extends TufRole {
  readonly name: string;
  readonly paths: readonly string[];
  readonly terminating: boolean;
}

/** One file of metadata (The Update Framework, section 4). Nothing of it is verified yet. */
export interface TufMetadata {
  readonly type: 'root' | 'timestamp' | 'snapshot' | 'targets';
  readonly version: number;
  readonly expires: Date;
  /** What is signed. */
  readonly signedBytes: Uint8Array;
  readonly signatures: readonly { readonly keyId: string; readonly signature: Uint8Array }[];
  /** Of a root, or of those that targets delegate to. */
  readonly keys: ReadonlyMap<string, TufKey>;
  readonly roles: ReadonlyMap<string, TufRole>;
  readonly meta: ReadonlyMap<string, TufMeta>;
  readonly targets: ReadonlyMap<string, TufTarget>;
  readonly delegations: readonly Delegation[];
}

const MAX_BYTES = 16 * 1024 * 1024;
const count = z.int().min(0);
const byName = <T extends z.ZodType>(value: T) => z.record(z.string(), value);

const keySchema = z.object({ keytype: z.string(), keyval: z.object({ public: z.string().max(64 * 1024) }) });
const roleSchema = z.object({ keyids: z.array(z.string()).max(1000), threshold: z.int().min(1) });
const metaSchema = z.object({
  version: count.optional(),
  length: count.optional(),
  hashes: byName(z.string()).optional(),
});
const targetSchema = z.object({ length: count, hashes: byName(z.string()) });
const delegationsSchema = z.object({
  keys: byName(keySchema).nullish(),
  roles: z
    .array(
      roleSchema.extend({
        name: z.string().min(1).max(255),
        paths: z.array(z.string()).nullish(),
        terminating: z.boolean().nullish(),
      }),
    )
    .max(1000)
    .nullish(),
});

const schema = z.object({
  signed: z.object({
    _type: z
      .string()
      .transform((text) => text.toLowerCase())
      .pipe(z.enum(['root', 'timestamp', 'snapshot', 'targets'])),
    version: z.int().min(0),
    expires: z.iso.datetime({ offset: true }).transform((text) => new Date(text)),
    keys: byName(keySchema).optional(),
    roles: byName(roleSchema).optional(),
    meta: byName(metaSchema).optional(),
    targets: byName(targetSchema).optional(),
    delegations: delegationsSchema.nullish(),
  }),
  signatures: z.array(z.object({ keyid: z.string(), sig: z.string() })).max(1000),
});

/** @throws LadingError `tuf-invalid` */
export function parseTufMetadata(bytes: Uint8Array, dialect: TufDialect): TufMetadata {
  const invalid = (why: string, cause?: unknown): LadingError =>
    new LadingError('tuf-invalid', `not metadata of The Update Framework: ${why}`, { cause });
  let value: unknown;
  try {
    value = parseJsonStrict(bytes, { maxBytes: MAX_BYTES, what: 'the metadata' });
  } catch (cause) {
    throw invalid(cause instanceof Error ? cause.message : 'unreadable', cause);
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error));
  const { signed, signatures } = parsed.data;
  const raw = (value as { readonly signed: unknown }).signed;
  const hex = (text: string): string | undefined => {
    if (dialect === 'tuf') return /^(?:[0-9a-f]{2})+$/.test(text) ? text : undefined;
    const decoded = decodeBase64(text);
    return decoded && Buffer.from(decoded).toString('hex');
  };
  const toMeta = ({ version, length, hashes = {} }: z.infer<typeof metaSchema>): TufMeta => ({
    ...(version === undefined ? {} : { version }),
    ...(length === undefined ? {} : { length }),
    hashes: readHashes(hashes, hex, invalid),
  });
  return {
    type: signed._type,
    version: signed.version,
    expires: signed.expires,
    signedBytes: new TextEncoder().encode(canonicalOlpc(raw)),
    signatures: signatures.flatMap(({ keyid, sig }) => {
      const text = hex(sig);
      return text === undefined ? [] : [{ keyId: keyid, signature: new Uint8Array(Buffer.from(text, 'hex')) }];
    }),
    keys: readKeys({ ...signed.keys, ...signed.delegations?.keys }),
    roles: mapOf(signed.roles, ({ keyids, threshold }) => ({ keyIds: keyids, threshold })),
    meta: mapOf(signed.meta, toMeta),
    targets: mapOf(signed.targets, (target) => ({ ...toMeta(target), length: target.length })),
    delegations: (signed.delegations?.roles ?? []).map(({ name, keyids, threshold, paths, terminating }) => ({
      name,
      keyIds: keyids,
      threshold,
      paths: paths ?? [],
      terminating: terminating ?? false,
    })),
  };
}

function readHashes(
  hashes: Readonly<Record<string, string>>,
  hex: (text: string) => string | undefined,
  invalid: (why: string) => LadingError,
): ReadonlyMap<string, string> {
  return mapOf(hashes, (text) => {
    const value = hex(text);
    if (value === undefined) throw invalid('a hash cannot be read');
    return value;
  });
}

const mapOf = <T, R>(record: Readonly<Record<string, T>> | undefined, read: (value: T) => R): ReadonlyMap<string, R> =>
  new Map(Object.entries(record ?? {}).map(([name, value]) => [name, read(value)]));

const readKeys = (keys: Readonly<Record<string, z.infer<typeof keySchema>>>): ReadonlyMap<string, TufKey> =>
  new Map(Object.entries(keys).map(([id, key]) => [id, { id, type: key.keytype, public: key.keyval.public }]));
