import { RpmDatabaseError } from './errors.ts';

// dbinc/db_page.h of Berkeley DB 4 and 5.
const HASH_MAGIC = 0x061561;
const PAGE_HEADER_BYTES = 26;
const PAGE_TYPE = { hashUnsorted: 2, overflow: 7, hash: 13 } as const;
const ITEM_TYPE = { keyData: 1, offPage: 3 } as const;

/** Berkeley DB writes in the byte order of the machine. */
interface Numbers {
  u16(at: number): number;
  u32(at: number): number;
}

const numbersOf = (bytes: Buffer, little: boolean): Numbers =>
  little
    ? { u16: (at) => bytes.readUInt16LE(at), u32: (at) => bytes.readUInt32LE(at) }
    : { u16: (at) => bytes.readUInt16BE(at), u32: (at) => bytes.readUInt32BE(at) };

function isLittle(file: Buffer): boolean | undefined {
  if (file.length < 512) return undefined;
  if (file.readUInt32LE(12) === HASH_MAGIC) return true;
  return file.readUInt32BE(12) === HASH_MAGIC ? false : undefined;
}

export const isBerkeleyDb = (file: Buffer): boolean => isLittle(file) !== undefined;

/**
 * The package headers of a Berkeley DB hash (`Packages`), as rpm wrote it up to 4.15: the values of all its hash pages, in the
 * order of the pages. Values of less than a fifth of a page stand in the page itself, others on a chain of overflow pages.
 *
 * @throws RpmDatabaseError where it is damaged
 */
export function* berkeleyDbBlobs(file: Buffer): Generator<Buffer> {
  const little = isLittle(file) ?? true;
  const meta = numbersOf(file, little);
  const pageBytes = meta.u32(20);
  if (pageBytes < 512 || pageBytes > 65_536 || (pageBytes & (pageBytes - 1)) !== 0) {
    throw new RpmDatabaseError(`a page of ${pageBytes} bytes is not possible`);
  }
  if (file[24] !== 0) throw new RpmDatabaseError('the database is encrypted');
  const pages = { file, little, pageBytes, visited: new Uint8Array(Math.ceil(file.length / pageBytes) + 1) };
  for (let number = 1; (number + 1) * pageBytes <= file.length; number++) {
    const page = file.subarray(number * pageBytes, (number + 1) * pageBytes);
    const type = page[25];
    if (type === PAGE_TYPE.hash || type === PAGE_TYPE.hashUnsorted) yield* valuesOf(page, pages);
  }
}

interface Pages {
  readonly file: Buffer;
  readonly little: boolean;
  readonly pageBytes: number;
  /** Overflow pages that were read: each belongs to one value, so a second time is damage or malice. */
  readonly visited: Uint8Array;
}

function* valuesOf(page: Buffer, pages: Pages): Generator<Buffer> {
  const { u16, u32 } = numbersOf(page, pages.little);
  const count = u16(20);
  if (PAGE_HEADER_BYTES + count * 2 > page.length) throw new RpmDatabaseError('a page has more items than fit on it');
  const places = Array.from({ length: count }, (_, i) => u16(PAGE_HEADER_BYTES + i * 2));
  // Keys and values take turns; items fill the page from its end.
  for (let i = 1; i < count; i += 2) {
    const at = places[i] ?? 0;
    const end = places[i - 1] ?? 0;
    const kind = page[at];
    if (kind === ITEM_TYPE.offPage && at + 12 <= page.length) {
      yield overflowValue(u32(at + 4), u32(at + 8), pages);
    } else if (kind === ITEM_TYPE.keyData && at < end && end <= page.length) {
      // A number of the next package, under key 0, is no header.
      if (end - at - 1 > 8) yield page.subarray(at + 1, end);
    } else {
      throw new RpmDatabaseError('an item of a page is damaged');
    }
  }
}

function overflowValue(first: number, length: number, { file, little, pageBytes, visited }: Pages): Buffer {
  if (length > file.length) throw new RpmDatabaseError('a value is longer than the file');
  const parts: Buffer[] = [];
  let missing = length;
  for (let number = first; missing > 0; ) {
    const page = file.subarray(number * pageBytes, (number + 1) * pageBytes);
    if (number === 0 || page.length < pageBytes || page[25] !== PAGE_TYPE.overflow || visited[number] === 1) {
      throw new RpmDatabaseError(`overflow page ${number} is damaged or used twice`);
    }
    visited[number] = 1;
    const part = page.subarray(PAGE_HEADER_BYTES, PAGE_HEADER_BYTES + Math.min(missing, pageBytes - PAGE_HEADER_BYTES));
    parts.push(part);
    missing -= part.length;
    number = numbersOf(page, little).u32(16);
  }
  return Buffer.concat(parts, length);
}
