import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { ByteRange, CallOptions } from '../../ports.ts';

/** Bytes held at once while a blob is stored: one part. 10,000 of them (S3's limit) are 160 GB, ECR's layers end at 52. */
export const PART_BYTES = 16 * 1024 * 1024;

/** The objects of one bucket below a prefix. */
export interface Objects {
  head(key: string, call?: CallOptions): Promise<{ readonly size: number } | undefined>;
  get(key: string, call?: CallOptions): Promise<Uint8Array | undefined>;
  open(
    key: string,
    call?: CallOptions & { readonly range?: ByteRange },
  ): Promise<AsyncIterable<Uint8Array> | undefined>;
  put(key: string, bytes: Uint8Array, call?: CallOptions): Promise<void>;
  /** Becomes visible when the iteration has ended without an error, and not before. */
  putStream(key: string, content: AsyncIterable<Uint8Array>, call?: CallOptions): Promise<void>;
  delete(key: string, call?: CallOptions): Promise<void>;
  list(prefix: string, call?: CallOptions): AsyncIterable<string>;
}

export function bucketObjects(client: S3Client, bucket: string, prefix: string): Objects {
  const at = (key: string) => ({ Bucket: bucket, Key: prefix + key });
  const send = ({ signal }: CallOptions = {}) => (signal === undefined ? {} : { abortSignal: signal });
  const objects: Objects = {
    async head(key, call) {
      const found = await orUndefined(client.send(new HeadObjectCommand(at(key)), send(call)));
      return found && { size: found.ContentLength ?? 0 };
    },
    async get(key, call) {
      const found = await orUndefined(client.send(new GetObjectCommand(at(key)), send(call)));
      return await found?.Body?.transformToByteArray();
    },
    async open(key, call) {
      const { start, end } = call?.range ?? {};
      const Range = start === undefined ? undefined : `bytes=${start}-${end ?? ''}`;
      const found = await orUndefined(client.send(new GetObjectCommand({ ...at(key), Range }), send(call)));
      return found?.Body as AsyncIterable<Uint8Array> | undefined;
    },
    async put(key, bytes, call) {
      await client.send(new PutObjectCommand({ ...at(key), Body: bytes }), send(call));
    },
    async putStream(key, content, call) {
      const parts = inParts(content)[Symbol.asyncIterator]();
      const first = await parts.next();
      const second = first.done ? first : await parts.next();
      if (second.done) return await objects.put(key, first.value ?? new Uint8Array(), call);
      const { UploadId } = await client.send(new CreateMultipartUploadCommand(at(key)), send(call));
      const upload = { ...at(key), UploadId };
      try {
        const done: { readonly PartNumber: number; readonly ETag: string | undefined }[] = [];
        for (let part: IteratorResult<Uint8Array, unknown> = first; !part.done; ) {
          const PartNumber = done.length + 1;
          const { ETag } = await client.send(
            new UploadPartCommand({ ...upload, PartNumber, Body: part.value }),
            send(call),
          );
          done.push({ PartNumber, ETag });
          part = done.length === 1 ? second : await parts.next();
        }
        await client.send(
          new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: done } }),
          send(call),
        );
      } catch (error) {
        // Best effort: the bucket's lifecycle forgets uploads that nobody ended.
        await client.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined);
        throw error;
      }
    },
    async delete(key, call) {
      await client.send(new DeleteObjectCommand(at(key)), send(call));
    },
    async *list(under, call) {
      let ContinuationToken: string | undefined;
      do {
        const input = { Bucket: bucket, Prefix: prefix + under, ContinuationToken };
        const page = await client.send(new ListObjectsV2Command(input), send(call));
        for (const { Key } of page.Contents ?? []) if (Key) yield Key.slice(prefix.length);
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken);
    },
  };
  return objects;
}

async function orUndefined<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof NotFound || error instanceof NoSuchKey) return undefined;
    throw error;
  }
}

/** The bytes in parts of one size; the last may be shorter. It ends only when the content has, so that its check has run. */
async function* inParts(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, undefined> {
  let pending: Uint8Array[] = [];
  let size = 0;
  let full: Uint8Array | undefined;
  for await (const chunk of content) {
    for (let rest = chunk; rest.length > 0; ) {
      const taken = rest.subarray(0, PART_BYTES - size);
      pending.push(taken);
      size += taken.length;
      rest = rest.subarray(taken.length);
      if (size < PART_BYTES) continue;
      // One part is held back: what follows may still prove the content wrong.
      if (full) yield full;
      full = Buffer.concat(pending, size);
      pending = [];
      size = 0;
    }
  }
  if (full) yield full;
  if (size > 0) yield Buffer.concat(pending, size);
  return undefined;
}
