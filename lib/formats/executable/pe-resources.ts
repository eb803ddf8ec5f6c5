import { numberReader } from './executable.ts';

/** What a Windows program or library says of itself, and whether it is code for .NET, whose packages are told elsewhere. */
export interface PeResources {
  /** `ProductName`, `FileVersion` and the like, of the first language. */
  readonly texts: ReadonlyMap<string, string>;
  readonly isManaged: boolean;
}

const RT_VERSION = 16;
const RESOURCES = 2;
const CLR_HEADER = 14;
const SUBDIRECTORY = 0x80000000;
/** Honest tables have a few dozen. */
const MAX_ENTRIES = 1000;
const MAX_BYTES = 256 * 1024;

/**
 * Reads the version resource: Microsoft's "PE Format", "The .rsrc Section", and "Version Information" (VS_VERSIONINFO,
 * StringFileInfo, StringTable, String).
 *
 * @returns undefined for what is no PE file
 * @throws RangeError where a table is outside of the file
 */
export function readPeResources(bytes: Buffer): PeResources | undefined {
  if (bytes.length < 64 || bytes.toString('latin1', 0, 2) !== 'MZ') return undefined;
  const read = numberReader(bytes, true);
  const header = read.u32(0x3c);
  if (header + 24 > bytes.length || bytes.toString('latin1', header, header + 4) !== 'PE\0\0') return undefined;
  const optional = header + 24;
  const directories = optional + (read.u16(optional) === 0x20b ? 112 : 96);
  const count = read.u32(directories - 4);
  const addressOf = (index: number): number => (index < count ? read.u32(directories + index * 8) : 0);
  const place = placesOf(bytes, header);
  const resources = addressOf(RESOURCES) === 0 ? undefined : place(addressOf(RESOURCES));
  return {
    isManaged: addressOf(CLR_HEADER) !== 0,
    texts: resources === undefined ? new Map() : versionTexts(bytes, resources, place),
  };
}

type Place = (address: number) => number | undefined;

/** From where something is loaded to where it is in the file. */
function placesOf(bytes: Buffer, header: number): Place {
  const read = numberReader(bytes, true);
  const table = header + 24 + read.u16(header + 20);
  const sections = Array.from({ length: read.u16(header + 6) }, (_, i) => {
    const at = table + i * 40;
    return { address: read.u32(at + 12), size: read.u32(at + 16), offset: read.u32(at + 20) };
  });
  return (address) => {
    const section = sections.find((one) => address >= one.address && address < one.address + one.size);
    return section && section.offset + address - section.address;
  };
}

function versionTexts(bytes: Buffer, resources: number, place: Place): ReadonlyMap<string, string> {
  const read = numberReader(bytes, true);
  // Type, name, language: three levels of directories, and then the data.
  let entry = entryOf(bytes, resources, (id) => id === RT_VERSION);
  for (let level = 0; level < 2 && entry !== undefined; level++) {
    if (entry < SUBDIRECTORY) return new Map();
    entry = entryOf(bytes, resources + (entry - SUBDIRECTORY), () => true);
  }
  if (entry === undefined || entry >= SUBDIRECTORY) return new Map();
  const data = place(read.u32(resources + entry));
  const size = read.u32(resources + entry + 4);
  if (data === undefined || size > MAX_BYTES) return new Map();
  const texts = new Map<string, string>();
  collect(bytes.subarray(data, data + size), texts, 0);
  return texts;
}

/** Where the first wanted entry of a directory of resources points to. */
function entryOf(bytes: Buffer, at: number, wanted: (id: number) => boolean): number | undefined {
  const read = numberReader(bytes, true);
  const count = Math.min(read.u16(at + 12) + read.u16(at + 14), MAX_ENTRIES);
  for (let i = 0; i < count; i++) {
    if (wanted(read.u32(at + 16 + i * 8))) return read.u32(at + 20 + i * 8);
  }
  return undefined;
}

const STRING_FILE_INFO = 1;
const STRING = 3;

/**
 * Each block: its length, the length of its value, its type, a key in UTF-16, then its value or further blocks, all on
 * boundaries of 32 bits. Levels: VS_VERSION_INFO, StringFileInfo, a table for each language, its strings.
 */
function collect(block: Buffer, texts: Map<string, string>, level: number): void {
  const read = numberReader(block, true);
  if (block.length < 8) return;
  const valueLength = read.u16(2);
  const keyEnd = endOfText(block, 6);
  const key = block.toString('utf16le', 6, keyEnd);
  if (level === STRING_FILE_INFO && key !== 'StringFileInfo') return;
  const value = align(keyEnd + 2);
  if (level === STRING) {
    if (!texts.has(key)) texts.set(key, block.toString('utf16le', value, endOfText(block, value)));
    return;
  }
  for (let at = align(value + valueLength), n = 0; at + 6 <= block.length && n < MAX_ENTRIES; n++) {
    const length = read.u16(at);
    if (length < 6) return;
    collect(block.subarray(at, at + length), texts, level + 1);
    at = align(at + length);
  }
}

const align = (at: number): number => (at + 3) & ~3;

function endOfText(block: Buffer, start: number): number {
  for (let at = start; at + 1 < block.length; at += 2) if (block[at] === 0 && block[at + 1] === 0) return at;
  return block.length - ((block.length - start) % 2);
}
