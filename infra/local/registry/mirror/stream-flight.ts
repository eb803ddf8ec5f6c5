import type { ServerResponse } from 'node:http';
import type { BlobFlight } from './blob-flight.ts';
import { drained } from './passage.ts';

const PIECE = 256 * 1024;

/**
 * Sends a blob to a client while it still arrives. The last byte is kept back until the digest was found right: a client
 * that was sent lies never sees the end of them.
 *
 * @returns false where nothing was sent and the blob is in the store, to be sent from there
 */
export async function streamFlight(
  flight: BlobFlight,
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
): Promise<boolean> {
  // Nothing is promised before the first bytes are there: an upstream that fails at once is told by its status.
  for (let moved = flight.moved(); flight.readable() === 0 && flight.size > 1; moved = flight.moved()) {
    flight.check();
    await moved;
  }
  const file = flight.size > PIECE ? await flight.open() : undefined;
  if (file === undefined) {
    await flight.done;
    return false;
  }
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  try {
    response.writeHead(200, { ...headers, 'content-length': String(flight.size) });
    for (let at = 0; at < flight.size; ) {
      const moved = flight.moved();
      const until = flight.readable();
      if (gone.signal.aborted) return true;
      if (at >= until) {
        flight.check();
        await moved;
        continue;
      }
      const length = Math.min(PIECE, until - at);
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, at);
      at += bytesRead;
      if (bytesRead === 0) throw new Error('the file of a blob on its way is shorter than it was');
      if (!response.write(buffer.subarray(0, bytesRead))) await drained(response, gone.signal);
    }
    response.end();
    return true;
  } finally {
    await file.close();
  }
}
