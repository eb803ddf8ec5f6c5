import { constants, createZstdDecompress, zstdDecompressSync } from 'node:zlib';
import { LimitExceededError } from '../../core/errors.ts';
import { type ByteCursor, createCursor } from './cursor.ts';
import { CompressionError } from './errors.ts';
import { buffering, pumpThrough } from './pump.ts';
import { isSkippableMagic } from './sniff.ts';

/** Frames up to these sizes (packed, unpacked) are unpacked in one call: `zstd:chunked` layers have tens of thousands. */
const SMALL_PACKED = 256 * 1024;
const SMALL_UNPACKED = 4 * 1024 * 1024;

/**
 * Unpacks all frames of a zstd stream one after the other, leaving out skippable ones (RFC 8878, section 3.1). Node's own
 * decompressor stops silently after the first frame, and would so lose the rest of such a layer.
 *
 * @throws CompressionError; LimitExceededError for a window over 2^`maxWindowLog` bytes, before any memory is taken.
 */
export async function* unzstd(
  source: AsyncIterable<Uint8Array>,
  options: { readonly maxWindowLog: number; readonly chunkSize: number },
): AsyncGenerator<Buffer> {
  const cursor = createCursor(source);
  const params = { [constants.ZSTD_d_windowLogMax]: options.maxWindowLog };
  try {
    while (true) {
      const frame = await openFrame(cursor, options.maxWindowLog);
      if (frame === 'end') return;
      if (frame === 'skipped') continue;
      const pieces = frameBytes(cursor, frame);
      const { parts, whole } = await firstBytes(pieces, frame.contentSize);
      if (whole) {
        const size = Math.max(1, frame.contentSize ?? 0);
        yield zstdDecompressSync(Buffer.concat(parts), { params, maxOutputLength: size });
      } else {
        const { chunkSize } = options;
        const transform = createZstdDecompress({ params, chunkSize, ...buffering(chunkSize) });
        yield* pumpThrough(chain(parts, pieces), transform, chunkSize);
      }
    }
  } finally {
    await cursor.close();
  }
}

interface Frame {
  readonly headerBytes: number;
  readonly contentSize: number | undefined;
  readonly hasChecksum: boolean;
}

/** Reads a frame header without taking it (RFC 8878, section 3.1.1.1), or passes over a skippable frame. */
async function openFrame(cursor: ByteCursor, maxWindowLog: number): Promise<Frame | 'skipped' | 'end'> {
  const head = await cursor.peek(18);
  if (head.length === 0) return 'end';
  if (head.length >= 8 && isSkippableMagic(head)) {
    for (let left = head.readUInt32LE(4) + 8; left > 0; ) left -= (await taken(cursor, left)).length;
    return 'skipped';
  }
  if (head.length < 6 || head.readUInt32LE(0) !== 0xfd2fb528) throw malformed('what follows a zstd frame is no frame');
  const descriptor = head[4] as number;
  const single = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] as number;
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] as number;
  const sizeAt = 5 + (single ? 0 : 1) + dictionaryBytes;
  if (head.length < sizeAt + sizeBytes) throw malformed('a zstd frame is cut short');
  const contentSize = readSize(head, sizeAt, sizeBytes);
  const window = single ? (contentSize ?? 0) : windowSize(head[5] as number);
  // A single-segment frame needs no more than its content; the decompressor streams it within the same cap.
  if (window > 2 ** maxWindowLog) {
    throw new LimitExceededError('zstd-window', `a zstd frame asks for a window of ${window} bytes`);
  }
  return { headerBytes: sizeAt + sizeBytes, contentSize, hasChecksum: (descriptor & 4) !== 0 };
}

function readSize(head: Buffer, at: number, bytes: number): number | undefined {
  if (bytes === 0) return undefined;
  if (bytes === 8) return Number(head.readBigUInt64LE(at));
  return bytes === 2 ? head.readUInt16LE(at) + 256 : head.readUIntLE(at, bytes);
}

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

/** The packed bytes of one frame, found by its block headers (RFC 8878, section 3.1.1.2). */
async function* frameBytes(cursor: ByteCursor, frame: Frame): AsyncGenerator<Buffer> {
  yield* exactly(cursor, frame.headerBytes);
  for (let last = false; !last; ) {
    const header = await cursor.peek(3);
    if (header.length < 3) throw malformed('a zstd frame is cut short');
    const value = header.readUIntLE(0, 3);
    last = (value & 1) === 1;
    const type = (value >> 1) & 3;
    if (type === 3) throw malformed('a zstd block has the reserved type');
    yield* exactly(cursor, 3 + (type === 1 ? 1 : value >> 3));
  }
  if (frame.hasChecksum) yield* exactly(cursor, 4);
}

async function* exactly(cursor: ByteCursor, length: number): AsyncGenerator<Buffer> {
  for (let left = length; left > 0; ) {
    const piece = await taken(cursor, left);
    left -= piece.length;
    yield piece;
  }
}

async function taken(cursor: ByteCursor, limit: number): Promise<Buffer> {
  const piece = await cursor.take(limit);
  if (!piece) throw malformed('a zstd frame is cut short');
  return piece;
}

async function firstBytes(
  pieces: AsyncGenerator<Buffer>,
  contentSize: number | undefined,
): Promise<{ readonly parts: Buffer[]; readonly whole: boolean }> {
  const parts: Buffer[] = [];
  if (contentSize === undefined || contentSize > SMALL_UNPACKED) return { parts, whole: false };
  for (let length = 0; length <= SMALL_PACKED; ) {
    const next = await pieces.next();
    if (next.done) return { parts, whole: true };
    parts.push(next.value);
    length += next.value.length;
  }
  return { parts, whole: false };
}

async function* chain(first: readonly Buffer[], rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield* first;
  yield* rest;
}

const malformed = (message: string): CompressionError => new CompressionError('compression-malformed', message);
