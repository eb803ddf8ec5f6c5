import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import { LadingError } from './errors.ts';

/** What no JSON text begins with. */
const MARK = 'br:';
/** A text that is shorter stays readable. */
const READABLE_CHARACTERS = 768;
/** Far above what fits into any place that has to be packed for. */
const MAX_BYTES = 4 * 1024 * 1024;

/** A text for a place with little room: one of some length is compressed (RFC 7932) and written in base64. */
export function packText(text: string): string {
  if (text.length < READABLE_CHARACTERS) return text;
  const packed = brotliCompressSync(text, {
    params: { [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT, [constants.BROTLI_PARAM_QUALITY]: 11 },
  });
  const written = `${MARK}${packed.toString('base64')}`;
  return written.length < text.length ? written : text;
}

/**
 * Undoes `packText`.
 *
 * @throws LadingError `packed-text-invalid`
 */
export function unpackText(text: string): string {
  if (!text.startsWith(MARK)) return text;
  try {
    const packed = Buffer.from(text.slice(MARK.length), 'base64');
    return brotliDecompressSync(packed, { maxOutputLength: MAX_BYTES }).toString('utf8');
  } catch (cause) {
    throw new LadingError('packed-text-invalid', 'a text that was packed cannot be read again', { cause });
  }
}
