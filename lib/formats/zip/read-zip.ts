import { crc32, inflateRawSync } from 'node:zlib';
import { LadingError, LimitExceededError } from '../../core/errors.ts';

export interface ZipLimits {
  readonly entries: number;
  /** Of one entry, unpacked. */
  readonly entryBytes: number;
  /** Of all entries together, unpacked. */
  readonly totalBytes: number;
}

export interface ZipEntry {
  /** As written: never a path to write to. */
  readonly name: string;
  readonly content: Uint8Array;
}

const END = 0x06054b50;
const END64_LOCATOR = 0x07064b50;
const END64 = 0x06064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const MAX_COMMENT = 0xffff;

/**
 * Unpacks the files of a zip archive in memory, in the order of its central directory (PKWARE APPNOTE.TXT 6.3.10, with
 * ZIP64). Only the central directory is believed; what it says of size and checksum is checked.
 *
 * @throws LadingError `zip-invalid`; LimitExceededError
 */
export function* readZip(
  archive: Uint8Array,
  limits: ZipLimits,
  wanted: (name: string) => boolean = () => true,
): Generator<ZipEntry> {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  try {
    let total = 0;
    for (const entry of centralDirectory(view, archive, limits.entries)) {
      if (entry.name.endsWith('/') || !wanted(entry.name)) continue;
      total += entry.size;
      if (entry.size > limits.entryBytes) {
        throw new LimitExceededError('zip-entry-bytes', `${entry.name} has over ${limits.entryBytes} bytes`);
      }
      if (total > limits.totalBytes) {
        throw new LimitExceededError('zip-total-bytes', `the archive unpacks to over ${limits.totalBytes} bytes`);
      }
      yield { name: entry.name, content: unpack(view, archive, entry) };
    }
  } catch (error) {
    // Offsets that point outside of the archive.
    if (error instanceof RangeError && !(error instanceof LadingError)) throw invalid('it breaks off', error);
    throw error;
  }
}

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
}

const invalid = (why: string, cause?: unknown): LadingError =>
  new LadingError('zip-invalid', `the zip archive is not valid: ${why}`, { cause });

function* centralDirectory(view: DataView, archive: Uint8Array, most: number): Generator<Entry> {
  const { count, offset } = findDirectory(view);
  if (count > most) throw new LimitExceededError('zip-entries', `the archive has over ${most} entries`);
  let at = offset;
  for (let i = 0; i < count; i++) {
    if (view.getUint32(at, true) !== CENTRAL) throw invalid('its directory is damaged');
    if (view.getUint16(at + 8, true) & 1) throw invalid('it is encrypted');
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const nameEnd = at + 46 + nameLength;
    const sizes = sizesOf(view, at, nameEnd, extraLength);
    yield {
      name: Buffer.from(archive.subarray(at + 46, nameEnd)).toString('utf8'),
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      ...sizes,
    };
    at = nameEnd + extraLength + view.getUint16(at + 32, true);
  }
}

/** 4.3.16 and 4.3.14: the end of the central directory, which a comment may follow, and its ZIP64 form. */
function findDirectory(view: DataView): { count: number; offset: number } {
  const lowest = Math.max(0, view.byteLength - 22 - MAX_COMMENT);
  for (let at = view.byteLength - 22; at >= lowest; at--) {
    if (view.getUint32(at, true) !== END || at + 22 + view.getUint16(at + 20, true) !== view.byteLength) continue;
    const count = view.getUint16(at + 10, true);
    const offset = view.getUint32(at + 16, true);
    if (count !== 0xffff && offset !== 0xffffffff) return { count, offset };
    if (at < 20 || view.getUint32(at - 20, true) !== END64_LOCATOR) return { count, offset };
    const end64 = toNumber(view.getBigUint64(at - 12, true));
    if (view.getUint32(end64, true) !== END64) throw invalid('its ZIP64 end is damaged');
    return {
      count: toNumber(view.getBigUint64(end64 + 32, true)),
      offset: toNumber(view.getBigUint64(end64 + 48, true)),
    };
  }
  throw invalid('it has no end');
}

/** 4.5.3: sizes that do not fit into 32 bits stand in the extra field with the id 1, in this order. */
function sizesOf(
  view: DataView,
  at: number,
  extra: number,
  extraLength: number,
): Pick<Entry, 'packed' | 'size' | 'offset'> {
  const sizes = [view.getUint32(at + 24, true), view.getUint32(at + 20, true), view.getUint32(at + 42, true)];
  for (let field = extra; field + 4 <= extra + extraLength; field += 4 + view.getUint16(field + 2, true)) {
    if (view.getUint16(field, true) !== 1) continue;
    let next = field + 4;
    sizes.forEach((size, i) => {
      if (size !== 0xffffffff) return;
      sizes[i] = toNumber(view.getBigUint64(next, true));
      next += 8;
    });
  }
  const [size = 0, packed = 0, offset = 0] = sizes;
  return { size, packed, offset };
}

function toNumber(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw invalid('a size is beyond all measure');
  return Number(value);
}

function unpack(view: DataView, archive: Uint8Array, entry: Entry): Uint8Array {
  if (view.getUint32(entry.offset, true) !== LOCAL) throw invalid(`${entry.name} is not where it should be`);
  const start = entry.offset + 30 + view.getUint16(entry.offset + 26, true) + view.getUint16(entry.offset + 28, true);
  if (start + entry.packed > archive.length) throw invalid(`${entry.name} breaks off`);
  const packed = archive.subarray(start, start + entry.packed);
  const content = inflate(packed, entry);
  if (content.length !== entry.size || crc32(content) !== entry.crc) throw invalid(`${entry.name} is damaged`);
  return content;
}

function inflate(packed: Uint8Array, { name, method, size }: Entry): Uint8Array {
  if (method === 0) return packed;
  if (method !== 8) throw invalid(`${name} is packed in a way that is not known here (${method})`);
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(size, 1) });
  } catch (cause) {
    throw invalid(`${name} is damaged`, cause);
  }
}
