import { crc32 } from 'node:zlib';
import { XzError } from './errors.ts';
import { Lzma2Decoder } from './lzma2.ts';

const MAGIC = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]);
const HEADER_BYTES = 12;
const LZMA2 = 0x21;
/** Bytes of the check behind a block, by its type (".xz file format", section 2.1.1.2). */
const CHECK_BYTES = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];
const CRC32 = 1;

/**
 * Unpacks an `.xz` file that is held whole (Lasse Collin, "The .xz File Format" 1.2.1): the first stream, with the filter
 * LZMA2 alone, as small files are packed. Of the checks, CRC-32 is compared; whoever needs the others hashes the file.
 *
 * @throws XzError; LimitExceededError `xz-bytes` over `maxOutputLength`
 */
export function unxz(bytes: Buffer, { maxOutputLength }: { readonly maxOutputLength: number }): Buffer {
  if (bytes.length < HEADER_BYTES || !MAGIC.equals(bytes.subarray(0, 6))) throw new XzError('there is no xz header');
  const check = bytes.readUInt8(7) & 0x0f;
  if (bytes.readUInt8(6) !== 0 || crc32(bytes.subarray(6, 8)) !== bytes.readUInt32LE(8)) {
    throw new XzError('the header of the stream is damaged');
  }
  const decoder = new Lzma2Decoder(bytes, maxOutputLength);
  let at = HEADER_BYTES;
  // A header size of zero begins the index, behind which there is nothing more to unpack.
  while (byteAt(bytes, at) !== 0) {
    const begin = decoder.length;
    at = decoder.decode(blockContent(bytes, at));
    at += (4 - (at % 4)) % 4;
    if (check === CRC32 && crc32(decoder.since(begin)) !== wordAt(bytes, at)) throw new XzError('a block is damaged');
    at += CHECK_BYTES[check] ?? 0;
  }
  return decoder.output();
}

/** Where the content of a block begins; its header must name LZMA2 and no other filter. */
function blockContent(bytes: Buffer, start: number): number {
  const size = (byteAt(bytes, start) + 1) * 4;
  const end = start + size - 4;
  if (crc32(bytes.subarray(start, end)) !== wordAt(bytes, end)) throw new XzError('the header of a block is damaged');
  const flags = byteAt(bytes, start + 1);
  if ((flags & 0x3f) !== 0) throw new XzError('filters besides LZMA2 are not read', 'xz-unsupported');
  let at = start + 2;
  for (const bit of [0x40, 0x80]) if ((flags & bit) !== 0) at = afterNumber(bytes, at);
  if (byteAt(bytes, at) !== LZMA2) throw new XzError('filters besides LZMA2 are not read', 'xz-unsupported');
  return start + size;
}

/** A number of up to nine bytes, of which all but the last have the highest bit (section 1.2). */
function afterNumber(bytes: Buffer, start: number): number {
  for (let i = 0; i < 9; i++) if ((byteAt(bytes, start + i) & 0x80) === 0) return start + i + 1;
  throw new XzError('a number has no end');
}

function byteAt(bytes: Buffer, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw new XzError('the file ends early');
  return byte;
}

function wordAt(bytes: Buffer, at: number): number {
  if (at + 4 > bytes.length) throw new XzError('the file ends early');
  return bytes.readUInt32LE(at);
}
