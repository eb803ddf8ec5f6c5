import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { type Digest, digestAlgorithm, digestHex } from '../../../../lib/core/digest.ts';
import { OciError } from '../errors.ts';

/** A blob that does not fit here and goes through to the one client that asked for it, unstored. */
export interface BlobPassage {
  readonly size: number;
  readonly digest: Digest;
  readonly source: AsyncIterable<Uint8Array>;
}

/**
 * Sends it on as it comes. As with a flight, the last byte is kept back until the digest was found right, and nothing is
 * promised before the first bytes are there.
 */
export async function streamPassage(
  { size, digest, source }: BlobPassage,
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const hash = createHash(digestAlgorithm(digest));
  let kept = new Uint8Array(0);
  for await (const piece of source) {
    if (piece.length === 0) continue;
    hash.update(piece);
    if (gone.signal.aborted) return;
    if (!response.headersSent) response.writeHead(200, { ...headers, 'content-length': String(size) });
    if (kept.length > 0) response.write(kept);
    kept = Uint8Array.from(piece.subarray(-1));
    if (!response.write(piece.subarray(0, -1))) await drained(response, gone.signal);
  }
  if (hash.digest('hex') !== digestHex(digest)) {
    throw new OciError(502, 'DIGEST_INVALID', `the upstream sent something else than ${digest}`);
  }
  if (!response.headersSent) response.writeHead(200, { ...headers, 'content-length': String(size) });
  response.end(kept);
}

export async function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  try {
    await once(response, 'drain', { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
