import { once } from 'node:events';
import type { ClientRequest } from 'node:http';

/** What a request carries: bytes, or a stream of exactly as many bytes as its `content-length` says. */
export type Body = Uint8Array | AsyncIterable<Uint8Array>;

/**
 * Writes a body with back-pressure and ends the request. An answer that comes before the end (a refusal) stops it; the
 * source is then closed.
 *
 * @param touch called at every piece that went out
 */
export async function sendBody(request: ClientRequest, body: Body | undefined, touch: () => void): Promise<void> {
  if (body === undefined || body instanceof Uint8Array) {
    request.end(body);
    return;
  }
  const stop = new AbortController();
  const over = (): void => stop.abort();
  request.once('response', over).once('close', over).once('error', over);
  for await (const chunk of body) {
    if (stop.signal.aborted) return;
    if (!request.write(chunk)) await drained(request, stop.signal);
    touch();
  }
  if (!stop.signal.aborted) request.end();
}

async function drained(request: ClientRequest, signal: AbortSignal): Promise<void> {
  try {
    await once(request, 'drain', { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
