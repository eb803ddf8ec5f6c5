import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { LadingError } from '../core/errors.ts';
import { canonicalJson } from '../core/json.ts';

/** An item of DynamoDB may have 400 KB, names and keys included (developer guide, "Limits"). */
const MAX_PACKED_BYTES = 350 * 1024;
const MAX_UNPACKED_BYTES = 64 * 1024 * 1024;

/**
 * A value as compressed bytes for one attribute of an item: lists that are mostly short, and would not fit when long.
 *
 * @throws LadingError `<code>` when it has over 350 KiB even so
 */
export function pack(value: unknown, code: string): Uint8Array {
  const level = { params: { [constants.ZSTD_c_compressionLevel]: 9 } };
  const packed = zstdCompressSync(Buffer.from(canonicalJson(value)), level);
  if (packed.length <= MAX_PACKED_BYTES) return packed;
  throw new LadingError(code, `it has ${packed.length} bytes when compressed, and ${MAX_PACKED_BYTES} is the most`, {
    hint: 'split it',
  });
}

/** @throws LadingError `document-damaged` */
export function unpack(packed: unknown): unknown {
  try {
    const text = zstdDecompressSync(packed as Uint8Array, { maxOutputLength: MAX_UNPACKED_BYTES });
    return JSON.parse(text.toString('utf8'));
  } catch (cause) {
    throw new LadingError('document-damaged', 'a packed attribute cannot be read', { cause });
  }
}
