import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompressSync } from 'node:zlib';
import { CompressionError } from './errors.ts';

/*
 * Zstandard in frames that can be read each for itself, with a table of them at the end ("Zstandard Seekable Format",
 * contrib/seekable_format of facebook/zstd). To every other reader it is a zstd file as any: the table is a skippable
 * frame (RFC 8878, section 3.1.2).
 */

/** Bytes of content in a frame; the last may have less. */
export const SEEKABLE_FRAME_BYTES = 4 * 1024 * 1024;
/** A frame of incompressible content has its blocks as they are, with three bytes for each of 128 KiB. */
const MOST_PACKED_BYTES = SEEKABLE_FRAME_BYTES + 4096;

const TABLE_MAGIC = 0x184d2a5e;
const FOOTER_MAGIC = 0x8f92eab1;
const FOOTER_BYTES = 9;
const ENTRY_BYTES = 8;
const MOST_FRAMES = 4_000_000;

const compress = promisify(zstdCompress);

export interface SeekableFrame {
  /** Where its content lies in what was packed. Bytes. */
  readonly offset: number;
  readonly size: number;
  /** Where it lies in the file. Bytes. */
  readonly packedOffset: number;
  readonly packedSize: number;
}

export const packFrame = (content: Uint8Array): Promise<Buffer> =>
  compress(content, {
    params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 },
  });

/** @throws CompressionError where it is damaged, or holds more than a frame may */
export function unpackFrame(packed: Uint8Array): Buffer {
  try {
    return zstdDecompressSync(packed, { maxOutputLength: SEEKABLE_FRAME_BYTES });
  } catch (error) {
    throw new CompressionError('compression-malformed', 'a zstd frame is damaged', error);
  }
}

/** The table for frames of these sizes, in their order. */
export function seekTable(frames: readonly Pick<SeekableFrame, 'size' | 'packedSize'>[]): Buffer {
  const body = Buffer.alloc(frames.length * ENTRY_BYTES + FOOTER_BYTES);
  frames.forEach(({ size, packedSize }, i) => {
    body.writeUInt32LE(packedSize, i * ENTRY_BYTES);
    body.writeUInt32LE(size, i * ENTRY_BYTES + 4);
  });
  body.writeUInt32LE(frames.length, frames.length * ENTRY_BYTES);
  body.writeUInt32LE(FOOTER_MAGIC, body.length - 4);
  const head = Buffer.alloc(8);
  head.writeUInt32LE(TABLE_MAGIC, 0);
  head.writeUInt32LE(body.length, 4);
  return Buffer.concat([head, body]);
}

/**
 * The frames of a file, by its table. `undefined` where it has none that fits the file: it is then to be read from its
 * beginning.
 *
 * @param fileBytes size of the file
 */
export async function readSeekTable(
  read: (start: number, length: number) => Promise<Uint8Array>,
  fileBytes: number,
): Promise<readonly SeekableFrame[] | undefined> {
  if (fileBytes < FOOTER_BYTES + 8) return undefined;
  const footer = Buffer.from(await read(fileBytes - FOOTER_BYTES, FOOTER_BYTES));
  const count = footer.length === FOOTER_BYTES ? footer.readUInt32LE(0) : 0;
  // The descriptor's first bit says that each entry has a checksum, too: no file of ours has.
  if (footer.readUInt32LE(5) !== FOOTER_MAGIC || footer[4] !== 0 || count > MOST_FRAMES) return undefined;
  const tableBytes = 8 + count * ENTRY_BYTES + FOOTER_BYTES;
  if (tableBytes > fileBytes) return undefined;
  const table = Buffer.from(await read(fileBytes - tableBytes, tableBytes));
  if (table.readUInt32LE(0) !== TABLE_MAGIC || table.readUInt32LE(4) !== tableBytes - 8) return undefined;
  const frames: SeekableFrame[] = [];
  let offset = 0;
  let packedOffset = 0;
  for (let i = 0; i < count; i++) {
    const packedSize = table.readUInt32LE(8 + i * ENTRY_BYTES);
    const size = table.readUInt32LE(12 + i * ENTRY_BYTES);
    if (size > SEEKABLE_FRAME_BYTES || packedSize > MOST_PACKED_BYTES) return undefined;
    frames.push({ offset, size, packedOffset, packedSize });
    offset += size;
    packedOffset += packedSize;
  }
  return packedOffset === fileBytes - tableBytes ? frames : undefined;
}

/**
 * The frames at the beginning of a file that somebody stopped writing, each with its content, up to the first that is not
 * whole.
 */
export async function* wholeFrames(
  read: (start: number, length: number) => Promise<Uint8Array>,
): AsyncGenerator<SeekableFrame & { readonly content: Buffer }> {
  for (let offset = 0, packedOffset = 0; ; ) {
    const bytes = Buffer.from(await read(packedOffset, MOST_PACKED_BYTES));
    const packedSize = frameBytes(bytes);
    if (packedSize === undefined) return;
    let content: Buffer;
    try {
      content = unpackFrame(bytes.subarray(0, packedSize));
    } catch {
      return;
    }
    yield { offset, size: content.length, packedOffset, packedSize, content };
    offset += content.length;
    packedOffset += packedSize;
  }
}

/** How long the frame at the beginning is, by its block headers (RFC 8878, sections 3.1.1.1 and 3.1.1.2). */
function frameBytes(bytes: Buffer): number | undefined {
  if (bytes.length < 6 || bytes.readUInt32LE(0) !== 0xfd2fb528) return undefined;
  const descriptor = bytes[4] as number;
  const single = (descriptor & 0x20) !== 0;
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] as number;
  let at = 5 + (single ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] as number) + sizeBytes;
  for (let last = false; !last; ) {
    if (at + 3 > bytes.length) return undefined;
    const header = bytes.readUIntLE(at, 3);
    last = (header & 1) === 1;
    at += 3 + (((header >> 1) & 3) === 1 ? 1 : header >> 3);
  }
  const end = at + ((descriptor & 4) !== 0 ? 4 : 0);
  return end <= bytes.length ? end : undefined;
}
