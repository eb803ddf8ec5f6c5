import { pipeline } from 'node:stream/promises';
import type { Digest } from '../../../../lib/core/digest.ts';
import { OciError, systemCode } from '../errors.ts';
import type { BlobFlight } from '../mirror/blob-flight.ts';
import { type BlobPassage, streamPassage } from '../mirror/passage.ts';
import { streamFlight } from '../mirror/stream-flight.ts';
import { type ByteRange, parseByteRange } from '../ranges.ts';
import { type Exchange, type Headers, methodNotAllowed, mutable, notFound, requireDigest, send } from './exchange.ts';

const READ_PIECE = 512 * 1024;

export async function serveBlob(exchange: Exchange, repository: string, digestText: string): Promise<void> {
  switch (exchange.request.method) {
    case 'HEAD':
      await exchange.require('ecr:BatchCheckLayerAvailability', repository);
      return head(exchange, repository, requireDigest(digestText));
    case 'GET':
      await exchange.require('ecr:GetDownloadUrlForLayer', repository);
      return get(exchange, repository, requireDigest(digestText));
    case 'DELETE':
      await exchange.require('ecr:BatchDeleteImage', repository);
      return remove(exchange, repository, requireDigest(digestText));
    default:
      throw methodNotAllowed('GET, HEAD, DELETE');
  }
}

const unknown = (digest: Digest): OciError => notFound('BLOB_UNKNOWN', `the repository has no blob ${digest}`);

function find(exchange: Exchange, name: string, digest: Digest): number {
  const repository = exchange.parts.state.repositories.get(name);
  const blob = repository?.blobs.get(digest);
  if (!repository || !blob) throw unknown(digest);
  repository.touched.set(digest, exchange.parts.clock.now().getTime());
  return blob.size;
}

const headersOf = (digest: Digest): Record<string, string> => ({
  'content-type': 'application/octet-stream',
  'docker-content-digest': digest,
  etag: `"${digest}"`,
  'accept-ranges': 'bytes',
});

async function head(exchange: Exchange, name: string, digest: Digest): Promise<void> {
  const mirrored = exchange.mirrorOf(name)?.blobSize({ repository: name, principal: exchange.principal }, digest);
  const size = (await mirrored) ?? find(exchange, name, digest);
  exchange.response.writeHead(200, { ...headersOf(digest), 'content-length': String(size) });
  exchange.response.end();
}

/** Starts to fetch what a mirror does not have yet; `undefined` where the store is all there is. */
async function fly(
  exchange: Exchange,
  repository: string,
  digest: Digest,
): Promise<BlobFlight | BlobPassage | undefined> {
  const mirror = exchange.mirrorOf(repository);
  if (mirror === undefined) return undefined;
  exchange.response.once('close', mirror.pulling(repository, digest));
  return mirror.blob({ repository, principal: exchange.principal }, digest);
}

async function get(exchange: Exchange, name: string, digest: Digest): Promise<void> {
  const flight = await fly(exchange, name, digest);
  // Of what is not kept there is no part to be had that anybody vouches for: the client gets all of it.
  if (flight && 'source' in flight) return streamPassage(flight, exchange.response, headersOf(digest));
  if (flight && exchange.request.headers.range === undefined) {
    if (await streamFlight(flight, exchange.response, headersOf(digest))) return;
  }
  // A part of a blob is not vouched for by its digest before the whole is here.
  await flight?.done;
  await serveStored(exchange, name, digest);
  if (flight === undefined)
    exchange.mirrorOf(name)?.served(name, Number(exchange.response.getHeader('content-length') ?? 0));
}

async function serveStored(exchange: Exchange, name: string, digest: Digest): Promise<void> {
  const size = find(exchange, name, digest);
  const { headers } = exchange.request;
  const tag = `"${digest}"`;
  if (headers['if-none-match'] === tag) return send(exchange, 304, headersOf(digest));
  // RFC 9110, section 13.1.5: a range under another validator means the whole content.
  const wanted = headers['if-range'] === undefined || headers['if-range'] === tag ? headers.range : undefined;
  const range = parseByteRange(wanted, size);
  if (range === 'unsatisfiable') {
    throw new OciError(416, 'SIZE_INVALID', `the blob has ${size} bytes`, {
      headers: { 'content-range': `bytes */${size}` },
    });
  }
  const whole = range === 'ignored';
  const part = whole ? { start: 0, end: size - 1 } : range;
  const partial = whole ? {} : { 'content-range': `bytes ${part.start}-${part.end}/${size}` };
  await stream(exchange, digest, size, part, whole ? 200 : 206, { ...headersOf(digest), ...partial });
}

async function stream(
  exchange: Exchange,
  digest: Digest,
  size: number,
  { start, end }: ByteRange,
  status: number,
  headers: Headers,
): Promise<void> {
  const handle = await exchange.parts.files.open(digest, size);
  if (!handle) throw unknown(digest);
  const length = end - start + 1;
  try {
    if (length <= READ_PIECE) {
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), 0, length, start);
      if (bytesRead < length) throw unknown(digest);
      return send(exchange, status, headers, buffer);
    }
    exchange.response.writeHead(status, { ...mutable(headers), 'content-length': String(length) });
    const file = handle.createReadStream({ start, end, highWaterMark: READ_PIECE, autoClose: false });
    await pipeline(file, exchange.response);
  } catch (error) {
    // The client hung up: nobody is left to tell.
    if (systemCode(error) !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  } finally {
    await handle.close();
  }
}

async function remove(exchange: Exchange, repository: string, digest: Digest): Promise<void> {
  const result = await exchange.store.deleteBlob(repository, digest);
  switch (result.outcome) {
    case 'deleted':
      return send(exchange, 202, {});
    case 'unknown':
      throw unknown(digest);
    case 'referenced':
      throw new OciError(405, 'DENIED', `the manifest ${result.by} needs this blob; delete it first`);
  }
}
