import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import { z } from 'zod';
import { type Digest, digestHex, digestOf } from '../core/digest.ts';
import { LadingError } from '../core/errors.ts';
import { canonicalJson } from '../core/json.ts';
import type { DocumentStore } from './ports.ts';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

const LEVEL = { params: { [constants.ZSTD_c_compressionLevel]: 3 } };
/** A stored document is ours, but the cap keeps a damaged or planted one from filling the memory. */
const MAX_BYTES = 256 * 1024 * 1024;

export interface DocumentRef {
  readonly key: string;
  /** Digest of the uncompressed content. */
  readonly digest: Digest;
}

/** Stores bytes, zstd-compressed, under `prefix/<hex>.zst`. Equal content has an equal key and is written once. */
export async function saveDocument(store: DocumentStore, prefix: string, content: Uint8Array): Promise<DocumentRef> {
  const digest = digestOf(content);
  const key = contentKey(prefix, digest);
  await store.putIfAbsent(key, await compress(content, LEVEL));
  return { key, digest };
}

export const contentKey = (prefix: string, digest: Digest): string => `${prefix}/${digestHex(digest)}.zst`;

/** Stores bytes, compressed, under a name of the caller's, in the place of what was there. */
export async function putDocument(store: DocumentStore, key: string, content: Uint8Array): Promise<void> {
  await store.put(key, await compress(content, LEVEL));
}

/** Stores a value as canonical JSON, content-addressed. */
export const saveJson = (store: DocumentStore, prefix: string, value: unknown): Promise<DocumentRef> =>
  saveDocument(store, prefix, Buffer.from(canonicalJson(value)));

/** Stores a value as compressed JSON under a name of the caller's (for what is found by something else than its content). */
export async function putJson(store: DocumentStore, key: string, value: unknown): Promise<void> {
  await putDocument(store, key, Buffer.from(canonicalJson(value)));
}

/** The same, only where nothing is yet. */
export async function putJsonIfAbsent(store: DocumentStore, key: string, value: unknown): Promise<boolean> {
  return store.putIfAbsent(key, await compress(Buffer.from(canonicalJson(value)), LEVEL));
}

/** Reads a document; with `digest`, its content is checked against it. */
export async function loadDocument(
  store: DocumentStore,
  key: string,
  digest?: Digest,
): Promise<Uint8Array | undefined> {
  const stored = await store.get(key);
  if (stored === undefined) return undefined;
  let content: Uint8Array;
  try {
    content = await decompress(stored, { maxOutputLength: MAX_BYTES });
  } catch (cause) {
    throw new LadingError('document-damaged', `the document ${key} cannot be decompressed`, { cause });
  }
  if (digest !== undefined && digestOf(content) !== digest) {
    throw new LadingError('document-damaged', `the document ${key} does not have the digest ${digest}`);
  }
  return content;
}

/** @throws LadingError `document-damaged` when the stored text does not fit the schema */
export async function loadJson<Schema extends z.ZodType>(
  store: DocumentStore,
  key: string,
  schema: Schema,
): Promise<z.infer<Schema> | undefined> {
  const content = await loadDocument(store, key);
  if (content === undefined) return undefined;
  const parsed = schema.safeParse(JSON.parse(Buffer.from(content).toString('utf8')));
  if (parsed.success) return parsed.data;
  throw new LadingError('document-damaged', `the document ${key}: ${z.prettifyError(parsed.error)}`);
}
