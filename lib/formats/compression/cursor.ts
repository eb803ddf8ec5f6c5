/** Reads a stream of chunks by byte counts, copying only where a wanted piece lies across chunks. */
export interface ByteCursor {
  /** The next bytes without taking them: `length` of them, or fewer where the stream ends before. */
  peek(length: number): Promise<Buffer>;
  /** Whatever is at hand, at least one byte and at most `limit`; undefined at the end of the stream. */
  take(limit: number): Promise<Buffer | undefined>;
  /** Lets go of the stream. */
  close(): Promise<void>;
}

export function createCursor(source: AsyncIterable<Uint8Array>): ByteCursor {
  const iterator = source[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);
  let done = false;
  const more = async (): Promise<Buffer | undefined> => {
    while (!done) {
      const next = await iterator.next();
      if (next.done) done = true;
      else if (next.value.length > 0) {
        return Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
      }
    }
    return undefined;
  };
  return {
    async peek(length) {
      while (held.length < length) {
        const chunk = await more();
        if (!chunk) break;
        held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      }
      return held.subarray(0, length);
    },
    async take(limit) {
      if (held.length === 0) held = (await more()) ?? held;
      if (held.length === 0) return undefined;
      const piece = held.subarray(0, limit);
      held = held.subarray(piece.length);
      return piece;
    },
    async close() {
      done = true;
      await iterator.return?.();
    },
  };
}
