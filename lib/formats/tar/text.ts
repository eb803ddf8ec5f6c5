import { isUtf8 } from 'node:buffer';

/** The bytes up to the first NUL, or all of them. */
export function untilNul(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

/** The text of a field that ends at its first NUL or at its length. Most names are ASCII, and many fields empty. */
export function fieldText(block: Buffer, offset: number, length: number): string {
  if (block[offset] === 0) return '';
  const nul = block.indexOf(0, offset);
  const end = nul < 0 ? offset + length : Math.min(nul, offset + length);
  const text = block.toString('latin1', offset, end);
  return /[\x80-\xff]/.test(text) ? decodeName(block.subarray(offset, end)) : text;
}

/**
 * Decodes a file name. Names are bytes, not text: those that are not UTF-8 keep their odd bytes as lone surrogates
 * (as Python's "surrogateescape", PEP 383), because replacing them would make two different files one.
 */
export function decodeName(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  let text = '';
  for (let i = 0; i < bytes.length; ) {
    const length = sequenceLength(bytes, i);
    if (length > 0) text += bytes.toString('utf8', i, i + length);
    else text += String.fromCharCode(0xdc00 + (bytes[i] as number));
    i += length || 1;
  }
  return text;
}

/** How many bytes the UTF-8 sequence at `at` has, or 0 where there is none. */
function sequenceLength(bytes: Buffer, at: number): number {
  const lead = bytes[at] as number;
  if (lead < 0x80) return 1;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  return isUtf8(bytes.subarray(at, at + length)) ? length : 0;
}
