import { LadingError } from '../../core/errors.ts';

/** A tagged value (RFC 8949, section 3.4). */
export interface CborTag {
  readonly tag: number;
  readonly value: CborValue;
}

export type CborKey = number | string;
export type CborValue =
  | number
  | string
  | boolean
  | null
  | Uint8Array
  | readonly CborValue[]
  | ReadonlyMap<CborKey, CborValue>
  | CborTag;

export const isCborTag = (value: CborValue | undefined): value is CborTag =>
  typeof value === 'object' && value !== null && 'tag' in value;
export const isCborMap = (value: CborValue | undefined): value is ReadonlyMap<CborKey, CborValue> =>
  value instanceof Map;

const MAX_DEPTH = 32;
const MAX_ITEMS = 100_000;

interface Cursor {
  readonly bytes: Uint8Array;
  offset: number;
  items: number;
}

const fail = (why: string): never => {
  throw new LadingError('cbor-invalid', `not acceptable CBOR: ${why}`);
};

/**
 * Reads the subset of CBOR (RFC 8949) that COSE is made of: definite lengths, integers up to 2^53, texts, bytes, arrays,
 * maps with integer or text keys, tags, booleans and null; floating point only where it is a whole number (times may be
 * written so). A key that appears twice is refused, because two readers would disagree.
 *
 * @throws LadingError `cbor-invalid`
 */
export function decodeCbor(bytes: Uint8Array): CborValue {
  const cursor: Cursor = { bytes, offset: 0, items: 0 };
  const value = readValue(cursor, 0);
  if (cursor.offset !== bytes.length) return fail('something follows the value');
  return value;
}

function take(cursor: Cursor, length: number): Uint8Array {
  const end = cursor.offset + length;
  if (end > cursor.bytes.length) return fail('it is cut off');
  const part = cursor.bytes.subarray(cursor.offset, end);
  cursor.offset = end;
  return part;
}

/** The argument of an item (RFC 8949, section 3). */
function readArgument(cursor: Cursor, info: number): number {
  if (info < 24) return info;
  if (info > 27) return fail('a length is indefinite or reserved');
  const octets = take(cursor, 1 << (info - 24));
  const value = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  return Number.isSafeInteger(value) ? value : fail('a number is over 2^53');
}

function readValue(cursor: Cursor, depth: number): CborValue {
  if (depth > MAX_DEPTH) return fail(`it is nested over ${MAX_DEPTH} deep`);
  if (++cursor.items > MAX_ITEMS) return fail(`it has over ${MAX_ITEMS} items`);
  const [initial = 0] = take(cursor, 1);
  const info = initial & 0x1f;
  switch (initial >> 5) {
    case 0:
      return readArgument(cursor, info);
    case 1:
      return -1 - readArgument(cursor, info);
    case 2:
      return new Uint8Array(take(cursor, readArgument(cursor, info)));
    case 3:
      return readText(take(cursor, readArgument(cursor, info)));
    case 4:
      return readArray(cursor, readArgument(cursor, info), depth);
    case 5:
      return readMap(cursor, readArgument(cursor, info), depth);
    case 6:
      return { tag: readArgument(cursor, info), value: readValue(cursor, depth + 1) };
    default:
      return readSimple(cursor, info);
  }
}

function readText(octets: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets);
  } catch {
    return fail('a text is not UTF-8');
  }
}

function readArray(cursor: Cursor, length: number, depth: number): readonly CborValue[] {
  const values: CborValue[] = [];
  for (let i = 0; i < length; i++) values.push(readValue(cursor, depth + 1));
  return values;
}

function readMap(cursor: Cursor, length: number, depth: number): ReadonlyMap<CborKey, CborValue> {
  const map = new Map<CborKey, CborValue>();
  for (let i = 0; i < length; i++) {
    const key = readValue(cursor, depth + 1);
    if (typeof key !== 'number' && typeof key !== 'string') return fail('a key is neither a number nor a text');
    if (map.has(key)) return fail(`the key ${JSON.stringify(key).slice(0, 80)} appears twice`);
    map.set(key, readValue(cursor, depth + 1));
  }
  return map;
}

function readSimple(cursor: Cursor, info: number): CborValue {
  if (info === 20 || info === 21) return info === 21;
  if (info === 22) return null;
  const size = info === 26 ? 4 : info === 27 ? 8 : 0;
  if (size === 0) return fail('a simple value is none that is read here');
  const octets = take(cursor, size);
  const view = new DataView(octets.buffer, octets.byteOffset, size);
  const value = size === 4 ? view.getFloat32(0) : view.getFloat64(0);
  return Number.isSafeInteger(value) ? value : fail('a floating-point number is not whole');
}

/** Core deterministic encoding (RFC 8949, section 4.2.1): equal values have equal bytes. Numbers must be integers. */
export function encodeCbor(value: CborValue): Uint8Array {
  if (value === null) return Uint8Array.of(0xf6);
  if (typeof value === 'boolean') return Uint8Array.of(value ? 0xf5 : 0xf4);
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === 'string') return withLength(3, Buffer.from(value, 'utf8'));
  if (value instanceof Uint8Array) return withLength(2, value);
  if (isCborTag(value)) return Buffer.concat([head(6, value.tag), encodeCbor(value.value)]);
  if (isCborMap(value)) {
    const entries = [...value].map(([key, v]) => [encodeCbor(key), encodeCbor(v)] as const);
    entries.sort(([a], [b]) => Buffer.compare(a, b));
    return Buffer.concat([head(5, entries.length), ...entries.flat()]);
  }
  return Buffer.concat([head(4, value.length), ...value.map(encodeCbor)]);
}

const withLength = (major: number, octets: Uint8Array): Uint8Array =>
  Buffer.concat([head(major, octets.length), octets]);

function head(major: number, argument: number): Uint8Array {
  if (!Number.isSafeInteger(argument) || argument < 0) return fail(`${argument} cannot be written`);
  const type = major << 5;
  if (argument < 24) return Uint8Array.of(type | argument);
  if (argument < 0x100) return Uint8Array.of(type | 24, argument);
  const octets = Buffer.alloc(argument < 0x1_0000 ? 3 : argument < 0x1_0000_0000 ? 5 : 9);
  octets[0] = type | (octets.length === 3 ? 25 : octets.length === 5 ? 26 : 27);
  if (octets.length === 3) octets.writeUInt16BE(argument, 1);
  else if (octets.length === 5) octets.writeUInt32BE(argument, 1);
  else octets.writeBigUInt64BE(BigInt(argument), 1);
  return octets;
}
