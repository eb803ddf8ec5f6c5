import { constants, read as readCallback } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { ByteRange, ContentUse } from '../../ports.ts';

const PIECE_BYTES = 512 * 1024;

export type ReadFileOptions = ContentUse & {
  readonly range?: ByteRange | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The path may be a link: where a person named it, and no stranger. @default false */
  readonly followLinks?: boolean | undefined;
};

/**
 * Reads a file while what was read before is made use of.
 *
 * @throws what the file system throws, and the reason of an abort
 */
export async function* readFile(
  path: string,
  { range, signal, lend, followLinks }: ReadFileOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  signal?.throwIfAborted();
  const file = await open(path, constants.O_RDONLY | (followLinks ? 0 : constants.O_NOFOLLOW));
  let ahead: Promise<Buffer> | undefined;
  try {
    const start = range?.start ?? 0;
    const end = range?.end === undefined ? (await file.stat()).size : range.end + 1;
    const pieceBytes = Math.min(PIECE_BYTES, Math.max(0, end - start));
    let [mine, next] = [Buffer.allocUnsafeSlow(pieceBytes), Buffer.allocUnsafeSlow(pieceBytes)];
    let at = start;
    const readAhead = (slab: Buffer): Promise<Buffer> => {
      const reading = readSome(file, slab.subarray(0, Math.min(slab.length, end - at)), at);
      reading.catch(() => undefined);
      return reading;
    };
    ahead = readAhead(mine);
    for (;;) {
      const piece = await ahead;
      signal?.throwIfAborted();
      at += piece.length;
      if (piece.length === 0) return;
      ahead = readAhead(next);
      yield lend ? piece : Buffer.from(piece);
      [mine, next] = [next, mine];
    }
  } finally {
    await ahead?.catch(() => undefined);
    await file.close();
  }
}

function readSome(file: FileHandle, into: Buffer, position: number): Promise<Buffer> {
  if (into.length === 0) return Promise.resolve(into);
  return new Promise((resolve, reject) => {
    readCallback(file.fd, into, 0, into.length, position, (error, count) => {
      if (error) reject(error);
      else resolve(into.subarray(0, count));
    });
  });
}
