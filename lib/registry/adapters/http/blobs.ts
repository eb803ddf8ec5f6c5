import { type Digest, isDigest } from '../../../core/digest.ts';
import { isLadingError } from '../../../core/errors.ts';
import { registryError } from '../../errors.ts';
import type { BlobAddress, BlobReader, ByteRange, ContentUse } from '../../ports.ts';
import { markChecked, verifyContent } from '../../verify-content.ts';
import { headerOf, refusal } from './answers.ts';
import { startDeadline, transferTimeMs } from './deadline.ts';
import type { Exchange } from './exchange.ts';
import { blobPath, pullScope } from './paths.ts';

/** Connections that may break while one blob is read. Each is taken up again where it broke. */
const MAX_RESUMES = 3;
/** Time allowed for a blob of unknown size is that of the largest layer ECR takes, in bytes. */
const LARGEST_LAYER = 52_000 * 1024 * 1024;

export function createBlobReader(exchange: Exchange): BlobReader {
  return {
    openBlob(at, options = {}) {
      const content = { [Symbol.asyncIterator]: () => read(exchange, at, options) };
      return options.range === undefined ? markChecked(content, at) : content;
    },
    async headBlob({ repository, digest }, options) {
      const response = await exchange.send({
        method: 'HEAD',
        at: blobPath(repository, digest),
        what: `the blob ${digest}`,
        scopes: pullScope(repository),
        signal: options?.signal,
      });
      response.discard();
      if (response.status === 404) return undefined;
      if (response.status !== 200) throw await refusal(response, `the blob ${digest}`, 'registry-protocol');
      const size = Number(headerOf(response, 'content-length') ?? Number.NaN);
      if (!Number.isSafeInteger(size)) throw registryError('registry-protocol', `the blob ${digest} has no length`);
      return { size };
    },
  };
}

type ReadOptions = ContentUse & { readonly range?: ByteRange | undefined; readonly signal?: AbortSignal | undefined };

async function* read(
  exchange: Exchange,
  at: BlobAddress,
  { range, signal, lend }: ReadOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (!isDigest(at.digest)) throw registryError('blob-unknown', 'a blob is addressed by a sha256 or sha512 digest');
  const last = range?.end ?? (at.size === undefined ? undefined : at.size - 1);
  const start = range?.start ?? 0;
  const length = last === undefined ? undefined : Math.max(0, last - start + 1);
  const deadline = startDeadline(signal, transferTimeMs(length ?? LARGEST_LAYER), `reading the blob ${at.digest}`);
  try {
    const wanted = { start, ...(last === undefined ? {} : { end: last }) };
    const bytes = readResuming(exchange, at, wanted, { signal: deadline.signal, lend });
    if (range === undefined) yield* verifyContent(bytes, at);
    else yield* exactly(bytes, length, at.digest);
  } finally {
    deadline.clear();
  }
}

/** The bytes of a range, over as many connections as it takes. Ends early only where the registry ended the body. */
async function* readResuming(
  exchange: Exchange,
  at: BlobAddress,
  range: ByteRange,
  options: ReadOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  let offset = range.start;
  for (let resumes = 0; ; ) {
    const from = offset;
    try {
      for await (const chunk of readOnce(exchange, at, { ...range, start: from }, options)) {
        offset += chunk.length;
        yield chunk;
      }
      return;
    } catch (error) {
      if (offset > from) resumes = 0;
      const done = range.end !== undefined && offset > range.end;
      if (done || resumes++ >= MAX_RESUMES || offset === range.start || !isLadingError(error) || !error.retryable) {
        throw error;
      }
    }
  }
}

async function* readOnce(
  exchange: Exchange,
  { repository, digest }: BlobAddress,
  range: ByteRange,
  options: ReadOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const partial = range.start > 0;
  const response = await exchange.send({
    method: 'GET',
    at: blobPath(repository, digest),
    what: `the blob ${digest}`,
    scopes: pullScope(repository),
    ...(partial ? { headers: { range: `bytes=${range.start}-${range.end ?? ''}` } } : {}),
    ...options,
  });
  switch (response.status) {
    case 200:
      yield* range.start === 0 ? response.body : skip(response.body, range.start);
      return;
    case 206: {
      const given = /^bytes (\d+)-/.exec(headerOf(response, 'content-range') ?? '')?.[1];
      if (partial && Number(given) === range.start) {
        yield* response.body;
        return;
      }
      response.discard();
      throw registryError('registry-protocol', `the blob ${digest} was answered with another range than asked`);
    }
    case 404:
      response.discard();
      throw registryError(
        'blob-unknown',
        `${exchange.policy.base.host}/${repository} does not hold the blob ${digest}`,
      );
    default:
      throw await refusal(response, `the blob ${digest}`, 'registry-protocol');
  }
}

/** For registries that answer a range with the whole. */
async function* skip(source: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array, void, undefined> {
  let left = count;
  for await (const chunk of source) {
    if (left < chunk.length) yield left === 0 ? chunk : chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
  }
}

/** A range has no digest of its own; its length is all that can be checked. */
async function* exactly(
  source: AsyncIterable<Uint8Array>,
  length: number | undefined,
  digest: Digest,
): AsyncGenerator<Uint8Array, void, undefined> {
  let left = length ?? Number.POSITIVE_INFINITY;
  for await (const chunk of source) {
    if (chunk.length >= left) {
      yield chunk.subarray(0, left);
      return;
    }
    left -= chunk.length;
    yield chunk;
  }
  if (length !== undefined && left > 0) {
    throw registryError('size-mismatch', `the range of ${digest} ended ${left} bytes early`);
  }
}
