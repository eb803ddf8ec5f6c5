import type { LadingError } from '../../core/errors.ts';
import type { BitReader } from './bit-reader.ts';

type Invalid = (why: string) => LadingError;

const MAX_CODE_LENGTH = 20;
/** So many symbols are coded with one table before the next is chosen. */
const GROUP = 50;

/** A Huffman code in canonical form: by length, the highest code and where its symbols begin. */
interface Code {
  readonly shortest: number;
  readonly limit: Int32Array;
  readonly base: Int32Array;
  readonly symbols: Uint16Array;
}

/**
 * Reads the symbols of a block and undoes their move-to-front coding. In `into`, each byte of the last column ends up in the
 * low eight bits, with the position of the byte that follows it above.
 *
 * @returns the block's length
 */
export function decodeSymbols(bits: BitReader, into: Uint32Array, invalid: Invalid): number {
  const used = readAlphabet(bits);
  if (used.length === 0) throw invalid('a block uses no byte');
  const tables = bits.take(3);
  const count = bits.take(15);
  if (tables < 2 || tables > 6 || count < 1) throw invalid('a block has no tables');
  const selectors = readSelectors(bits, tables, count, invalid);
  const codes = Array.from({ length: tables }, () => readCode(bits, used.length + 2, invalid));
  const counts = new Uint32Array(256);
  const length = readBytes(bits, { used, selectors, codes, counts, into, invalid });
  link(into, length, counts);
  return length;
}

function readAlphabet(bits: BitReader): Uint8Array {
  const groups = bits.take(16);
  const used: number[] = [];
  for (let group = 0; group < 16; group++) {
    if (((groups >>> (15 - group)) & 1) === 0) continue;
    const members = bits.take(16);
    for (let i = 0; i < 16; i++) if ((members >>> (15 - i)) & 1) used.push(group * 16 + i);
  }
  return Uint8Array.from(used);
}

function readSelectors(bits: BitReader, tables: number, count: number, invalid: Invalid): Uint8Array {
  const order = Array.from({ length: tables }, (_, i) => i);
  const selectors = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    let place = 0;
    while (bits.take(1) === 1) if (++place >= tables) throw invalid('a table is chosen that is not there');
    const [chosen = 0] = order.splice(place, 1);
    order.unshift(chosen);
    selectors[i] = chosen;
  }
  return selectors;
}

function readCode(bits: BitReader, size: number, invalid: Invalid): Code {
  const lengths = new Uint8Array(size);
  let length = bits.take(5);
  for (let symbol = 0; symbol < size; symbol++) {
    for (;;) {
      if (length < 1 || length > MAX_CODE_LENGTH) throw invalid('a code is too long');
      if (bits.take(1) === 0) break;
      length += bits.take(1) === 0 ? 1 : -1;
    }
    lengths[symbol] = length;
  }
  const shortest = Math.min(...lengths);
  const longest = Math.max(...lengths);
  const limit = new Int32Array(MAX_CODE_LENGTH + 2).fill(-1);
  const base = new Int32Array(MAX_CODE_LENGTH + 2);
  const symbols = new Uint16Array(size);
  let at = 0;
  let code = 0;
  for (let bitsLong = shortest; bitsLong <= longest; bitsLong++) {
    base[bitsLong] = at - code;
    for (let symbol = 0; symbol < size; symbol++) {
      if (lengths[symbol] !== bitsLong) continue;
      symbols[at++] = symbol;
      code++;
    }
    limit[bitsLong] = code - 1;
    code <<= 1;
  }
  return { shortest, limit, base, symbols };
}

interface Coded {
  readonly used: Uint8Array;
  readonly selectors: Uint8Array;
  readonly codes: readonly Code[];
  readonly counts: Uint32Array;
  readonly into: Uint32Array;
  readonly invalid: Invalid;
}

function readSymbol(bits: BitReader, { shortest, limit, base, symbols }: Code, invalid: Invalid): number {
  let length = shortest;
  let code = bits.take(length);
  while (code > (limit[length] as number)) {
    if (++length > MAX_CODE_LENGTH) throw invalid('a code has no symbol');
    code = (code << 1) | bits.take(1);
  }
  const symbol = symbols[(base[length] as number) + code];
  if (symbol === undefined) throw invalid('a code has no symbol');
  return symbol;
}

/** Symbols 0 and 1 are the digits of how often the foremost byte is repeated; the last one ends the block. */
function readBytes(bits: BitReader, { used, selectors, codes, counts, into, invalid }: Coded): number {
  const front = Uint8Array.from(used);
  const end = used.length + 1;
  let length = 0;
  let repeat = 0;
  let weight = 1;
  let left = 0;
  let group = 0;
  let code: Code | undefined;
  for (;;) {
    if (left-- === 0) {
      code = codes[selectors[group++] ?? -1];
      left = GROUP - 1;
    }
    if (code === undefined) throw invalid('a block does not end');
    const symbol = readSymbol(bits, code, invalid);
    if (symbol < 2) {
      repeat += weight << symbol;
      weight <<= 1;
      if (repeat > into.length) throw invalid('a block is too long');
      continue;
    }
    if (repeat > 0) {
      const byte = front[0] as number;
      if (length + repeat > into.length) throw invalid('a block is too long');
      into.fill(byte, length, length + repeat);
      counts[byte] = (counts[byte] as number) + repeat;
      length += repeat;
      repeat = 0;
    }
    weight = 1;
    if (symbol === end) return length;
    if (length >= into.length) throw invalid('a block is too long');
    const byte = front[symbol - 1] as number;
    front.copyWithin(1, 0, symbol - 1);
    front[0] = byte;
    into[length++] = byte;
    counts[byte] = (counts[byte] as number) + 1;
  }
}

/** The n-th occurrence of a byte in the last column is its n-th in the first: each byte points to the one after it. */
function link(into: Uint32Array, length: number, counts: Uint32Array): void {
  const starts = new Uint32Array(256);
  let sum = 0;
  for (let byte = 0; byte < 256; byte++) {
    starts[byte] = sum;
    sum += counts[byte] as number;
  }
  for (let i = 0; i < length; i++) {
    const byte = (into[i] as number) & 0xff;
    const place = starts[byte] as number;
    starts[byte] = place + 1;
    into[place] = ((into[place] as number) | (i << 8)) >>> 0;
  }
}
