import { digestAlgorithm, isDigest } from '../../../core/digest.ts';
import { isLadingError } from '../../../core/errors.ts';
import { registryError } from '../../errors.ts';
import { inChunks } from '../../in-chunks.ts';
import type { BlobReader, BlobWriter } from '../../ports.ts';
import { checkContent, openContent } from '../../verify-content.ts';
import { headerOf, refusal } from './answers.ts';
import { startDeadline, transferTimeMs } from './deadline.ts';
import { type Exchange, resolveLocation } from './exchange.ts';
import { pullScope, pushScope, repositoryPath } from './paths.ts';
import type { Body } from './send-body.ts';
import type { HttpResponse } from './transport.ts';

type Upload = Parameters<BlobWriter['putBlob']>[0];
type UploadOf = Pick<Upload, 'repository' | 'digest'>;

const START_TIME_MS = 60_000;
const OCTETS = { 'content-type': 'application/octet-stream' } as const;

/** Distribution specification 1.1, "Pushing blobs": one request per blob, or chunks of `chunkBytes`. */
export function createBlobWriter(
  exchange: Exchange,
  blobs: Pick<BlobReader, 'headBlob'>,
  options: { readonly chunkBytes?: number | undefined },
): BlobWriter {
  return {
    async putBlob(to, call) {
      const deadline = startDeadline(call?.signal, transferTimeMs(to.size), `uploading the blob ${to.digest}`);
      try {
        const { chunkBytes } = options;
        const send = chunkBytes === undefined || to.size <= chunkBytes ? sendWhole : sendChunked(chunkBytes);
        await upload(exchange, blobs, to, send, deadline.signal);
      } finally {
        deadline.clear();
      }
    },
    async mountBlob({ repository, from, digest }, call) {
      if (!isDigest(digest)) return false;
      repositoryPath(from);
      const query = new URLSearchParams({ mount: digest, from });
      const scopes = [...pushScope(repository), ...pullScope(from)];
      try {
        const response = await startUpload(exchange, repository, `?${query}`, scopes, call?.signal);
        if (response.status === 201) return true;
        if (response.status === 202) await cancel(exchange, repository, locationOf(exchange, response));
        return false;
      } catch (error) {
        // Not allowed to read there, or no such repository: the blob can still be uploaded.
        if (isLadingError(error, 'registry-denied') || isLadingError(error, 'registry-refused')) return false;
        throw error;
      }
    },
  };
}

type Send = (exchange: Exchange, to: Upload, location: URL, signal: AbortSignal) => Promise<void>;

async function upload(
  exchange: Exchange,
  blobs: Pick<BlobReader, 'headBlob'>,
  to: Upload,
  send: Send,
  signal: AbortSignal,
): Promise<void> {
  const query = digestAlgorithm(to.digest) === 'sha256' ? '' : `?digest-algorithm=${digestAlgorithm(to.digest)}`;
  for (let attempt = 1; ; attempt++) {
    // The answer to the attempt before may be all that was lost.
    if (attempt > 1 && (await blobs.headBlob(to, { signal }))?.size === to.size) return;
    const started = await startUpload(exchange, to.repository, query, pushScope(to.repository), signal);
    const location = locationOf(exchange, started);
    try {
      await send(exchange, to, location, signal);
      return;
    } catch (error) {
      if (!isLadingError(error, 'registry-unavailable')) await cancel(exchange, to.repository, location);
      const repeatable = to.content instanceof Uint8Array || typeof to.content === 'function';
      if (!repeatable || attempt >= 3 || signal.aborted || !isLadingError(error) || !error.retryable) throw error;
    }
  }
}

export async function startUpload(
  exchange: Exchange,
  repository: string,
  query: string,
  scopes: readonly string[],
  signal: AbortSignal | undefined,
): Promise<HttpResponse> {
  const what = `an upload to ${repository}`;
  const deadline = startDeadline(signal, START_TIME_MS, what);
  try {
    const response = await exchange.send({
      method: 'POST',
      at: `${repositoryPath(repository)}/blobs/uploads/${query}`,
      what,
      scopes,
      headers: { 'content-length': '0' },
      signal: deadline.signal,
    });
    if (response.status !== 201 && response.status !== 202) throw await refusal(response, what);
    response.discard();
    return response;
  } finally {
    deadline.clear();
  }
}

/** Where to send the bytes. It may be another host, if the registry's entry lists it; then without credentials. */
export function locationOf(exchange: Exchange, response: HttpResponse): URL {
  const location = headerOf(response, 'location');
  if (location === undefined) throw registryError('registry-protocol', 'an upload was answered without a location');
  const url = resolveLocation(location, exchange.policy.base, 'the upload');
  exchange.policy.check(url, 'the upload location');
  return url;
}

const sendWhole: Send = async (exchange, to, location, signal) => {
  await finish(exchange, to, location, signal, {
    headers: { ...OCTETS, 'content-length': String(to.size) },
    body: checkContent(openContent(to.content, { lend: true }), to),
  });
};

const sendChunked =
  (chunkBytes: number): Send =>
  async (exchange, to, start, signal) => {
    let location = start;
    let offset = 0;
    for await (const chunk of inChunks(checkContent(openContent(to.content, { lend: true }), to), chunkBytes)) {
      location = await sendChunk(exchange, to, { location, offset }, chunk, signal);
      offset += chunk.length;
    }
    await finish(exchange, to, location, signal, { headers: { 'content-length': '0' } });
  };

export interface Place {
  readonly location: URL;
  /** Bytes that were sent before. */
  readonly offset: number;
}

/** Times that a chunk is gone on with after its connection broke. */
const MAX_CHUNK_RESUMES = 3;

/**
 * Sends a chunk. If the connection breaks, the registry is asked how much of it has arrived, and the rest is sent
 * (distribution specification 1.1, "Pushing a blob in chunks": GET of the location answers 204 with `Range: 0-<last>`).
 *
 * @returns where the next one goes
 */
async function sendChunk(
  exchange: Exchange,
  to: Upload,
  start: Place,
  chunk: Uint8Array,
  signal: AbortSignal,
): Promise<URL> {
  const end = start.offset + chunk.length;
  let at = start;
  for (let resumes = 0; ; resumes++) {
    try {
      return await patch(exchange, to, at, chunk.subarray(at.offset - start.offset), signal);
    } catch (error) {
      const mayResume = isLadingError(error, 'registry-unavailable') && error.retryable && !signal.aborted;
      if (!mayResume || resumes >= MAX_CHUNK_RESUMES) throw error;
      const there = await askUpload(exchange, to, at.location, signal);
      // Nothing, or what was never sent: the upload cannot be gone on with.
      if (there === undefined || there.offset < start.offset || there.offset > end) throw error;
      if (there.offset === end) return there.location;
      at = there;
    }
  }
}

export async function patch(
  exchange: Exchange,
  to: UploadOf,
  { location, offset }: Place,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<URL> {
  const what = `a chunk of the blob ${to.digest}`;
  const response = await exchange.send({
    method: 'PATCH',
    at: location,
    what,
    scopes: pushScope(to.repository),
    headers: {
      ...OCTETS,
      'content-length': String(bytes.length),
      'content-range': `${offset}-${offset + bytes.length - 1}`,
    },
    body: oneShot(bytes),
    signal,
  });
  if (response.status !== 202) throw await refusal(response, what);
  response.discard();
  return locationOf(exchange, response);
}

/** How far an upload has come; `undefined` where the registry does not know it any more, or does not say. */
export async function askUpload(
  exchange: Exchange,
  to: UploadOf,
  at: URL,
  signal: AbortSignal,
): Promise<Place | undefined> {
  const what = `the upload of ${to.digest}`;
  const response = await exchange.send({ method: 'GET', at, what, scopes: pushScope(to.repository), signal });
  response.discard();
  if (response.status !== 204 && response.status !== 202) return undefined;
  // "0-0" is what registries say of one byte and of none: who knows starts anew.
  const last = /^(?:bytes=)?0-([1-9]\d{0,14})$/.exec(headerOf(response, 'range') ?? '')?.[1];
  if (last === undefined) return undefined;
  const offset = Number(last) + 1;
  return { location: response.headers['location'] === undefined ? at : locationOf(exchange, response), offset };
}

/** A chunk is sent once: after a lost answer only the registry knows how much of it was appended. */
async function* oneShot(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield chunk;
}

export async function finish(
  exchange: Exchange,
  to: UploadOf,
  location: URL,
  signal: AbortSignal,
  content: { readonly headers: Readonly<Record<string, string>>; readonly body?: Body },
): Promise<void> {
  const what = `the blob ${to.digest}`;
  // Added as text: the rest of the query must stay exactly as the registry gave it.
  const at = new URL(location);
  at.search = `${at.search === '' ? '?' : `${at.search}&`}digest=${encodeURIComponent(to.digest)}`;
  const response = await exchange.send({
    method: 'PUT',
    at,
    what,
    scopes: pushScope(to.repository),
    ...content,
    signal,
  });
  if (response.status !== 201 && response.status !== 204) throw await refusal(response, what);
  response.discard();
  const said = headerOf(response, 'docker-content-digest');
  if (said !== undefined && said !== to.digest) {
    throw registryError('digest-mismatch', `the registry stored ${what} as ${said.slice(0, 140)}`);
  }
}

/** Frees what the registry holds of an upload; where that fails, the registry's own expiry does it. */
async function cancel(exchange: Exchange, repository: string, location: URL): Promise<void> {
  const what = `an upload to ${repository}`;
  const deadline = startDeadline(undefined, 10_000, what);
  try {
    const headers = { 'content-length': '0' };
    const scopes = pushScope(repository);
    const { signal } = deadline;
    (await exchange.send({ method: 'DELETE', at: location, what, scopes, headers, signal })).discard();
  } catch {
    // Nothing depends on it.
  } finally {
    deadline.clear();
  }
}
