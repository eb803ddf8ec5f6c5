import { once } from 'node:events';
import type { Transform } from 'node:stream';

/**
 * Sends a stream through a transform and gives what comes out. The transform works on a thread of its own while the
 * consumer handles the piece before. Where it ends early (bytes after the end of the packed data) the rest of the source
 * is still read, because whoever hashes it must see every byte.
 */
export async function* pumpThrough(source: AsyncIterable<Uint8Array>, transform: Transform): AsyncGenerator<Buffer> {
  let abandoned = false;
  const pumping = write(source, transform, () => abandoned);
  try {
    for await (const chunk of transform) yield chunk as Buffer;
    await pumping;
  } finally {
    abandoned = true;
    transform.destroy();
    await pumping;
  }
}

/** Never rejects: a failure of the source becomes the failure of the transform, which the reading side throws. */
async function write(source: AsyncIterable<Uint8Array>, transform: Transform, abandoned: () => boolean): Promise<void> {
  let ended = false;
  transform.once('end', () => {
    ended = true;
  });
  try {
    for await (const chunk of source) {
      if (ended) continue;
      if (abandoned() || transform.destroyed) return;
      if (!transform.write(chunk)) await writable(transform);
    }
    if (!ended && !transform.destroyed) transform.end();
  } catch (error) {
    transform.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

async function writable(transform: Transform): Promise<void> {
  if (transform.destroyed || !transform.writableNeedDrain) return;
  const settled = new AbortController();
  const options = { signal: settled.signal };
  try {
    await Promise.race([
      once(transform, 'drain', options),
      once(transform, 'end', options),
      once(transform, 'close', options),
    ]);
  } catch {
    // The reading side gets the same error and throws it.
  } finally {
    settled.abort();
  }
}
