import type { Connection } from './wire/connection.ts';

/** What a request carries: bytes, or a stream of exactly as many bytes as its `content-length` says. */
export type Body = Uint8Array | AsyncIterable<Uint8Array>;

/**
 * Sends a body as fast as the peer takes it: a piece is asked for once the one before it went out. An answer that comes
 * before the end (a refusal) stops it; the source is then closed.
 */
export async function sendBody(connection: Connection, body: Body, isAnswered: () => boolean): Promise<void> {
  if (body instanceof Uint8Array) await connection.write(body);
  else {
    for await (const piece of body) {
      if (isAnswered()) return;
      await connection.write(piece);
    }
  }
  connection.sent();
}
