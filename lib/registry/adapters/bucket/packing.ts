import { Readable } from 'node:stream';
import { constants, createDeflateRaw, createZstdCompress, deflateRawSync, inflateRawSync } from 'node:zlib';
import { z } from 'zod';
import type { Digest } from '../../../core/digest.ts';
import { LimitExceededError } from '../../../core/errors.ts';
import { CompressionError } from '../../../formats/compression/errors.ts';
import { decompress } from '../../../formats/compression/index.ts';
import { sniffCompression } from '../../../formats/compression/sniff.ts';
import type { ByteRange, CallOptions } from '../../ports.ts';
import { verifyContent } from '../../verify-content.ts';
import type { Objects } from './objects.ts';

/*
 * blobs/packed/<algorithm>/<hex>       what the blob unpacks to, as one zstd stream
 * blobs/packed/<algorithm>/<hex>.json  how the very bytes of the blob are made of that again
 * The record is written last and read first: what it names is there.
 */
const key = (digest: Digest): string => `blobs/packed/${digest.replace(':', '/')}`;
const recordKey = (digest: Digest): string => `${key(digest)}.json`;

const recordSchema = z.discriminatedUnion('form', [
  z.object({ form: z.literal('plain'), size: z.int().nonnegative() }),
  z.object({
    form: z.literal('gzip'),
    size: z.int().nonnegative(),
    /** RFC 1952, section 2.3: the member's header and trailer, base64. */
    header: z.base64(),
    trailer: z.base64(),
    level: z.int().min(1).max(9),
    memLevel: z.int().min(1).max(9),
    /** What it was packed with: another version may compress otherwise. */
    zlib: z.string(),
  }),
]);
type PackRecord = z.infer<typeof recordSchema>;

/** `plain`: what is not compressed yet. `gzip`: also gzip, where its very bytes can be made again. */
export type Packing = 'off' | 'plain' | 'gzip';

/** A blob that saves less than this stays as it is. */
const WORTH = 0.95;
const LEAST_BYTES = 4 * 1024;
const HEAD_BYTES = 512 * 1024;
const LEVEL = 9;
/** Windows that any decompressor opens: 8 MiB (RFC 8878, section 3.1.1.1.2). */
const WINDOW_LOG = 23;

export async function readPackRecord(
  objects: Objects,
  digest: Digest,
  call?: CallOptions,
): Promise<PackRecord | undefined> {
  const found = await objects.get(recordKey(digest), call);
  return found && recordSchema.parse(JSON.parse(Buffer.from(found).toString()));
}

/** The blob's own bytes out of what is stored of it. Whoever reads them checks their digest. */
export async function openPacked(
  objects: Objects,
  digest: Digest,
  call?: CallOptions & { readonly range?: ByteRange },
): Promise<AsyncIterable<Uint8Array> | undefined> {
  const record = await readPackRecord(objects, digest, call);
  const { range, ...rest } = call ?? {};
  const stored = record && (await objects.open(key(digest), rest));
  if (!record || !stored) return undefined;
  const content = decompress(stored);
  const bytes = record.form === 'plain' ? content : gzipAgain(record, content);
  return range === undefined ? bytes : slice(bytes, range);
}

async function* gzipAgain(
  { header, trailer, level, memLevel }: Extract<PackRecord, { form: 'gzip' }>,
  content: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield Buffer.from(header, 'base64');
  yield* Readable.from(content, { objectMode: false }).compose(createDeflateRaw({ level, memLevel }));
  yield Buffer.from(trailer, 'base64');
}

async function* slice(bytes: AsyncIterable<Uint8Array>, { start, end }: ByteRange): AsyncGenerator<Uint8Array> {
  let at = 0;
  for await (const chunk of bytes) {
    const from = Math.max(0, start - at);
    const to = end === undefined ? chunk.length : Math.min(chunk.length, end + 1 - at);
    if (from < to) yield chunk.subarray(from, to);
    at += chunk.length;
    if (end !== undefined && at > end) return;
  }
}

/**
 * Stores a blob smaller, if its very bytes can be made again: that is tried, to the last byte, before the original goes.
 * Idempotent; what breaks off leaves the original.
 */
export async function packBlob(
  objects: Objects,
  original: string,
  digest: Digest,
  packing: Packing,
  call?: CallOptions,
): Promise<'packed' | 'kept'> {
  const size = (await objects.head(original, call))?.size;
  if (packing === 'off' || size === undefined || size < LEAST_BYTES) return 'kept';
  if (await readPackRecord(objects, digest, call)) return await dropOriginal(objects, original, digest, size, call);
  const head = await collect(await objects.open(original, { ...call, range: { start: 0, end: HEAD_BYTES - 1 } }));
  const compression = sniffCompression(head);
  if (compression !== 'none' && (compression !== 'gzip' || packing !== 'gzip')) return 'kept';
  const trailer =
    compression === 'gzip'
      ? await collect(await objects.open(original, { ...call, range: { start: size - 8 } }))
      : head;
  const records: readonly PackRecord[] =
    compression === 'gzip' ? gzipRecords(head, trailer, size) : [{ form: 'plain', size }];
  if (records.length === 0) return 'kept';
  const source = await objects.open(original, call);
  if (!source) return 'kept';
  const content = compression === 'gzip' ? decompress(source) : source;
  try {
    await objects.putStream(key(digest), zstd(content), call);
  } catch (error) {
    // Gzip that does not unpack is an image's own fault, and stays as it is.
    if (error instanceof CompressionError || error instanceof LimitExceededError) return 'kept';
    throw error;
  }
  const isWorth = ((await objects.head(key(digest), call))?.size ?? size) <= size * WORTH;
  for (const record of isWorth ? records : []) {
    await objects.put(recordKey(digest), Buffer.from(JSON.stringify(record)), call);
    if (await isExact(objects, digest, size, call)) {
      await objects.delete(original, call);
      return 'packed';
    }
    await objects.delete(recordKey(digest), call);
  }
  await objects.delete(key(digest), call);
  return 'kept';
}

async function dropOriginal(
  objects: Objects,
  original: string,
  digest: Digest,
  size: number,
  call: CallOptions | undefined,
): Promise<'packed' | 'kept'> {
  if (!(await isExact(objects, digest, size, call))) return 'kept';
  await objects.delete(original, call);
  return 'packed';
}

async function isExact(
  objects: Objects,
  digest: Digest,
  size: number,
  call: CallOptions | undefined,
): Promise<boolean> {
  const bytes = await openPacked(objects, digest, call);
  if (!bytes) return false;
  try {
    for await (const _chunk of verifyContent(bytes, { digest, size })) void _chunk;
    return true;
  } catch {
    return false;
  }
}

async function* zstd(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const params = { [constants.ZSTD_c_compressionLevel]: LEVEL, [constants.ZSTD_c_windowLog]: WINDOW_LOG };
  yield* Readable.from(content, { objectMode: false }).compose(createZstdCompress({ params }));
}

async function collect(content: AsyncIterable<Uint8Array> | undefined): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content ?? []) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The parameters under which zlib makes the beginning of this member; whether it makes all of it, the caller tries. */
function gzipRecords(head: Buffer, trailer: Buffer, size: number): readonly PackRecord[] {
  const length = headerLength(head);
  if (length === undefined || trailer.length !== 8) return [];
  const whole = head.length >= size;
  const deflated = head.subarray(length, whole ? head.length - 8 : head.length);
  let begin: Buffer;
  try {
    begin = inflateRawSync(deflated, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 256 * 1024 * 1024 });
  } catch {
    return [];
  }
  const found: PackRecord[] = [];
  for (const memLevel of [8, 9]) {
    for (let level = 1; level <= 9; level++) {
      const again = deflateRawSync(begin, { level, memLevel });
      // The last block is another one where there would have been more to come.
      const same = whole ? deflated.length : Math.floor(Math.min(again.length, deflated.length) / 2);
      if (!again.subarray(0, same).equals(deflated.subarray(0, same))) continue;
      const base64 = (bytes: Buffer): string => bytes.toString('base64');
      const header = base64(head.subarray(0, length));
      found.push({
        form: 'gzip',
        size,
        header,
        trailer: base64(trailer),
        level,
        memLevel,
        zlib: process.versions.zlib,
      });
    }
  }
  return found;
}

/** RFC 1952, section 2.3: fixed part, then what its flags announce. */
function headerLength(head: Buffer): number | undefined {
  if (head.length < 18 || head[2] !== 8) return undefined;
  const flags = head[3] as number;
  let at = 10;
  if (flags & 4) at += 2 + head.readUInt16LE(at);
  for (const flag of [8, 16]) {
    if (!(flags & flag)) continue;
    const end = head.indexOf(0, at);
    if (end < 0) return undefined;
    at = end + 1;
  }
  if (flags & 2) at += 2;
  return at < head.length - 8 ? at : undefined;
}
