import { RpmDatabaseError } from './errors.ts';

/** What a package's header says of it. Texts are as written; `(none)` never occurs. */
export interface RpmHeader {
  readonly name: string;
  readonly version: string;
  readonly release: string;
  /** Undefined where the package has none, which compares as 0. */
  readonly epoch?: number | undefined;
  readonly arch?: string | undefined;
  /** File name of the source package: `bash-5.1.8-1.cm2.src.rpm`. */
  readonly sourceRpm?: string | undefined;
  readonly vendor?: string | undefined;
  readonly license?: string | undefined;
  /** `nodejs:18:8080020230322:abcdef`, for packages of a module. */
  readonly modularityLabel?: string | undefined;
  readonly provides: readonly string[];
  readonly requires: readonly string[];
}

// rpmtag.h of rpm: numbers of tags, and rpmTagType.
const TAG = {
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  vendor: 1011,
  license: 1014,
  arch: 1022,
  sourceRpm: 1044,
  provideName: 1047,
  requireName: 1049,
  modularityLabel: 5096,
} as const;
const TYPE = { int32: 4, string: 6, stringArray: 8, i18nString: 9 } as const;

const ENTRY_BYTES = 16;
/** hdrblob: rpm's own caps on entries and bytes of a header (`hdrchkTags`, `hdrchkData` in lib/header.c). */
const MAX_ENTRIES = 0xffff;
const MAX_DATA = 0x0fffffff;
/** Names of an array beyond these are left out. */
const MAX_NAMES = 20_000;
/** Bytes of a name, a version, a licence. */
const MAX_TEXT = 64 * 1024;

interface Entry {
  readonly type: number;
  readonly offset: number;
  readonly count: number;
}

const WANTED = new Set<number>(Object.values(TAG));

/**
 * Reads a package's header as the database keeps it: the numbers of entries and of data bytes, the entries, the data (RPM
 * file format, "Header Structure", without the magic in front).
 *
 * @returns undefined for a header without name, version or release, which is no package
 * @throws RpmDatabaseError where it is damaged
 */
export function readRpmHeader(blob: Buffer): RpmHeader | undefined {
  const { entries, data } = openHeader(blob);
  const text = (tag: number): string | undefined => readText(data, entries.get(tag));
  const name = text(TAG.name);
  const version = text(TAG.version);
  const release = text(TAG.release);
  if (!name || !version || !release) return undefined;
  return {
    name,
    version,
    release,
    epoch: readInt32(data, entries.get(TAG.epoch)),
    arch: text(TAG.arch),
    sourceRpm: text(TAG.sourceRpm),
    vendor: text(TAG.vendor),
    license: text(TAG.license),
    modularityLabel: text(TAG.modularityLabel),
    provides: readTexts(data, entries.get(TAG.provideName)),
    requires: readTexts(data, entries.get(TAG.requireName)),
  };
}

function openHeader(blob: Buffer): { readonly entries: ReadonlyMap<number, Entry>; readonly data: Buffer } {
  if (blob.length < 8) throw new RpmDatabaseError('a header is cut off');
  const count = blob.readUInt32BE(0);
  const dataBytes = blob.readUInt32BE(4);
  const dataStart = 8 + count * ENTRY_BYTES;
  if (count > MAX_ENTRIES || dataBytes > MAX_DATA || dataStart + dataBytes > blob.length) {
    throw new RpmDatabaseError('a header is cut off');
  }
  const entries = new Map<number, Entry>();
  for (let at = 8; at < dataStart; at += ENTRY_BYTES) {
    const tag = blob.readInt32BE(at);
    if (!WANTED.has(tag) || entries.has(tag)) continue;
    entries.set(tag, {
      type: blob.readUInt32BE(at + 4),
      offset: blob.readInt32BE(at + 8),
      count: blob.readUInt32BE(at + 12),
    });
  }
  return { entries, data: blob.subarray(dataStart, dataStart + dataBytes) };
}

/** The first text: of a translated one that is the untranslated. Empty ones and rpm's `(none)` say nothing. */
function readText(data: Buffer, entry: Entry | undefined): string | undefined {
  if (!entry || (entry.type !== TYPE.string && entry.type !== TYPE.i18nString)) return undefined;
  const text = textAt(data, entry.offset)?.text.trim();
  return text === '' || text === '(none)' ? undefined : text;
}

function readTexts(data: Buffer, entry: Entry | undefined): string[] {
  if (entry?.type !== TYPE.stringArray) return [];
  const texts = new Set<string>();
  let offset = entry.offset;
  for (let i = 0; i < Math.min(entry.count, MAX_NAMES); i++) {
    const one = textAt(data, offset);
    if (!one) throw new RpmDatabaseError('a list of names leads outside its header');
    texts.add(one.text);
    offset = one.end;
  }
  return [...texts];
}

function textAt(data: Buffer, offset: number): { readonly text: string; readonly end: number } | undefined {
  if (offset < 0 || offset >= data.length) return undefined;
  const end = data.indexOf(0, offset);
  if (end - offset > MAX_TEXT) throw new RpmDatabaseError(`a text is over ${MAX_TEXT} bytes`);
  return end < 0 ? undefined : { text: data.toString('utf8', offset, end), end: end + 1 };
}

function readInt32(data: Buffer, entry: Entry | undefined): number | undefined {
  if (entry?.type !== TYPE.int32 || entry.count < 1) return undefined;
  const { offset } = entry;
  return offset < 0 || offset + 4 > data.length ? undefined : data.readUInt32BE(offset);
}
