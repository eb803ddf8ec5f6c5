import type { Transform } from 'node:stream';

/**
 * Sends a stream through a transform and gives what comes out. The transform works on a thread of its own while the
 * consumer handles the piece before. Where it ends early (bytes after the end of the packed data) the rest of the source
 * is still read, because whoever hashes it must see every byte.
 *
 * A piece is good until the next one is asked for: its memory is then given back at once, since waiting for the garbage
 * collector costs as much time as unpacking and twice the memory. `pieceBytes` is the size of the transform's buffers.
 */
export async function* pumpThrough(
  source: AsyncIterable<Uint8Array>,
  transform: Transform,
  pieceBytes: number,
): AsyncGenerator<Buffer> {
  let abandoned = false;
  const pumping = write(source, transform, () => abandoned);
  let used: ArrayBufferLike | undefined;
  try {
    for await (const chunk of transform) {
      const piece = chunk as Buffer;
      if (used !== undefined && used !== piece.buffer) release(used, pieceBytes);
      used = piece.buffer;
      yield piece;
    }
    await pumping;
  } finally {
    abandoned = true;
    transform.destroy();
    await pumping;
  }
}

/** So much may wait on either side that the unpacking thread never waits for this one, nor this one for it. */
export const buffering = (chunkSize: number) => ({
  writableHighWaterMark: 1024 * 1024,
  readableHighWaterMark: 2 * chunkSize + 1,
});

/** Only a buffer of the transform's own size is one: smaller ones may be parts of a pool that others use. */
function release(buffer: ArrayBufferLike, pieceBytes: number): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === pieceBytes) buffer.transfer(0);
}

/** Never rejects: a failure of the source becomes the failure of the transform, which the reading side throws. */
async function write(source: AsyncIterable<Uint8Array>, transform: Transform, abandoned: () => boolean): Promise<void> {
  let ended = false;
  let wake = (): void => undefined;
  transform.once('end', () => {
    ended = true;
    wake();
  });
  transform.on('drain', () => wake());
  transform.once('close', () => wake());
  try {
    for await (const chunk of source) {
      if (ended) continue;
      if (abandoned() || transform.destroyed) return;
      if (transform.write(chunk)) continue;
      while (!ended && !transform.destroyed && transform.writableNeedDrain) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
    if (!ended && !transform.destroyed) transform.end();
  } catch (error) {
    transform.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}
