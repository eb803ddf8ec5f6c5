import { TarError } from './errors.ts';
import { fieldText } from './text.ts';

export const BLOCK = 512;

export type TarFormat = 'v7' | 'ustar' | 'star' | 'gnu';

/** The fields of one header block that say where a file goes and how long it is. */
export interface RawHeader {
  readonly name: string;
  readonly mode: number;
  readonly size: number;
  readonly typeflag: string;
  readonly linkname: string;
  readonly format: TarFormat;
}

/**
 * Reads a header block (POSIX.1-2017 pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format").
 *
 * @throws TarError on a wrong checksum, or a size that is no number, negative, or over 2^53.
 */
export function parseHeader(block: Buffer, offset: number): RawHeader {
  if (!checksumHolds(block)) throw new TarError('the checksum of a header is wrong', offset);
  const format = formatOf(block);
  const size = parseNumber(block, 124, 12);
  if (size === undefined || size < 0) throw new TarError('a header has no valid size', offset);
  const name = fieldText(block, 0, 100);
  return {
    name: withPrefix(block, format, name),
    mode: parseNumber(block, 100, 8) ?? 0,
    size,
    typeflag: String.fromCharCode(block[156] as number),
    linkname: fieldText(block, 157, 100),
    format,
  };
}

export const isZeroBlock = (block: Buffer): boolean => block.equals(ZERO_BLOCK);

const ZERO_BLOCK = Buffer.alloc(BLOCK);

/**
 * A numeric field: octal digits between spaces and NULs, or base-256 (two's complement, big endian) where the first bit
 * is set. Undefined where it is neither, or too large to be counted exactly.
 */
export function parseNumber(block: Buffer, offset: number, length: number): number | undefined {
  const first = block[offset] as number;
  if (first & 0x80) return parseBase256(block, offset, length);
  let end = offset + length;
  let at = offset;
  while (at < end && (block[at] === 0x20 || block[at] === 0)) at++;
  while (end > at && (block[end - 1] === 0x20 || block[end - 1] === 0)) end--;
  let value = 0;
  for (; at < end; at++) {
    const digit = (block[at] as number) - 0x30;
    if (digit < 0 || digit > 7) return block[at] === 0 ? value : undefined;
    value = value * 8 + digit;
  }
  return value;
}

function parseBase256(block: Buffer, offset: number, length: number): number | undefined {
  const negative = ((block[offset] as number) & 0x40) !== 0;
  let value = 0n;
  for (let i = 0; i < length; i++) {
    const byte = block[offset + i] as number;
    value = (value << 8n) | BigInt(i === 0 ? byte & 0x7f : byte);
  }
  if (negative) value -= 1n << BigInt(length * 8 - 1);
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : undefined;
}

/** The sum of all bytes with the checksum field as spaces; old writers added the bytes as signed ones. */
function checksumHolds(block: Buffer): boolean {
  const expected = parseNumber(block, 148, 8);
  let sum = 8 * 0x20;
  for (let i = 0; i < 148; i++) sum += block[i] as number;
  for (let i = 156; i < BLOCK; i++) sum += block[i] as number;
  if (sum === expected) return true;
  let high = 0;
  for (let i = 0; i < BLOCK; i++) if ((i < 148 || i >= 156) && (block[i] as number) > 0x7f) high++;
  return sum - high * 256 === expected;
}

function formatOf(block: Buffer): TarFormat {
  if (!holds(block, 257, USTAR)) return 'v7';
  if (holds(block, 262, GNU_VERSION)) return 'gnu';
  if (block[262] !== 0) return 'v7';
  return holds(block, 508, STAR_TRAILER) ? 'star' : 'ustar';
}

const USTAR = Buffer.from('ustar');
const GNU_VERSION = Buffer.from('  \0');
const STAR_TRAILER = Buffer.from('tar\0');

function holds(block: Buffer, offset: number, text: Buffer): boolean {
  for (let i = 0; i < text.length; i++) if (block[offset + i] !== text[i]) return false;
  return true;
}

function withPrefix(block: Buffer, format: TarFormat, name: string): string {
  if (format === 'v7') return name;
  // GNU headers keep times and sparse maps where ustar keeps the first part of a long name. Go before 1.8 wrote names
  // there all the same, and Go reads them still where no time can be read and the text is ASCII.
  if (format === 'gnu' && isTime(block, 345) && isTime(block, 357)) return name;
  const prefix = fieldText(block, 345, format === 'star' ? 131 : 155);
  if (format === 'gnu' && !/^\p{ASCII}*$/u.test(prefix)) return name;
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** Absent, or a number, as atime and ctime of a GNU header are. */
const isTime = (block: Buffer, at: number): boolean => block[at] === 0 || parseNumber(block, at, 12) !== undefined;
