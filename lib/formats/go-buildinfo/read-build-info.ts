import type { Executable, FileRange } from '../executable/index.ts';
import { type GoBuildInfo, parseModuleInfo } from './module-info.ts';

const MAGIC = Buffer.from('\xff Go buildinf:', 'latin1');
const ALIGNMENT = 16;
const HEADER_BYTES = 32;
const INLINE = 2;
const BIG_ENDIAN = 1;
/** Module lists of the largest programs have a few hundred kilobytes. */
const MAX_TEXT = 16 * 1024 ** 2;

/**
 * The build information of a Go program, stripped or not (Go's `debug/buildinfo`): in a section of its own or at the
 * beginning of the data, with the texts behind it since Go 1.18, and with pointers to them before. Undefined for a program
 * that is not built by Go.
 */
export function readGoBuildInfo(executable: Executable): GoBuildInfo | undefined {
  const place = dataOf(executable);
  if (!place) return undefined;
  const { bytes } = executable;
  const end = Math.min(bytes.length, place.offset + place.size);
  const at = findMagic(bytes.subarray(place.offset, end), place.address);
  if (at === undefined) return undefined;
  const header = place.offset + at;
  if (((bytes[header + 15] ?? 0) & INLINE) !== 0) return inlineTexts(bytes, header);
  return pointedTexts(executable, header);
}

/**
 * Looks for build information of Go 1.18 or later in a part of a program that is too large to hold. `incomplete`: it
 * begins here and its texts go on behind the end. `pointers`: it is of an older Go, and the texts are elsewhere.
 */
export function findInlineBuildInfo(
  part: Buffer,
): { readonly status: 'found'; readonly info: GoBuildInfo } | { readonly status: 'none' | 'incomplete' | 'pointers' } {
  const at = findMagic(part, 0);
  if (at === undefined) return { status: 'none' };
  if (((part[at + 15] ?? 0) & INLINE) === 0) return { status: 'pointers' };
  const info = inlineTexts(part, at);
  return info ? { status: 'found', info } : { status: 'incomplete' };
}

function dataOf({ sections, segments }: Executable): FileRange | undefined {
  const own = sections.find(({ name }) => name === '.go.buildinfo' || name === '__go_buildinfo');
  return own ?? segments.find(({ writable, size }) => writable && size > 0);
}

/** The header stands at an address that can be divided by 16; the name of the magic also stands in Go's own tools. */
function findMagic(data: Buffer, address: number): number | undefined {
  for (let at = data.indexOf(MAGIC); at >= 0; at = data.indexOf(MAGIC, at + 1)) {
    if ((address + at) % ALIGNMENT === 0 && at + HEADER_BYTES <= data.length) return at;
  }
  return undefined;
}

function inlineTexts(bytes: Buffer, header: number): GoBuildInfo | undefined {
  const version = textWithLength(bytes, header + HEADER_BYTES);
  const modules = version && textWithLength(bytes, version.end);
  return modules ? build(version.text, modules.text) : undefined;
}

/** A length as Go's `binary.Uvarint` reads it, and as many bytes. */
function textWithLength(bytes: Buffer, start: number): { readonly text: Buffer; readonly end: number } | undefined {
  let length = 0;
  for (let i = 0; i < 5; i++) {
    const byte = bytes[start + i];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) {
      const from = start + i + 1;
      if (length > MAX_TEXT || from + length > bytes.length) return undefined;
      return { text: bytes.subarray(from, from + length), end: from + length };
    }
  }
  return undefined;
}

function pointedTexts(executable: Executable, header: number): GoBuildInfo | undefined {
  const { bytes } = executable;
  const pointerBytes = bytes[header + 14];
  if (pointerBytes !== 4 && pointerBytes !== 8) return undefined;
  const bigEndian = ((bytes[header + 15] ?? 0) & BIG_ENDIAN) !== 0;
  const pointerAt = (at: number): number => {
    if (at + pointerBytes > bytes.length) return 0;
    if (pointerBytes === 4) return bigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
    return Number(bigEndian ? bytes.readBigUInt64BE(at) : bytes.readBigUInt64LE(at));
  };
  // A Go string is a pointer to its bytes and their number.
  const textOf = (address: number): Buffer | undefined => {
    const text = offsetOf(executable, address);
    if (text === undefined) return undefined;
    const from = offsetOf(executable, pointerAt(text));
    const length = pointerAt(text + pointerBytes);
    if (from === undefined || length > MAX_TEXT || from + length > bytes.length) return undefined;
    return bytes.subarray(from, from + length);
  };
  const version = textOf(pointerAt(header + 16));
  return version && build(version, textOf(pointerAt(header + 16 + pointerBytes)) ?? Buffer.alloc(0));
}

function offsetOf({ segments }: Executable, address: number): number | undefined {
  const segment = segments.find((one) => address >= one.address && address < one.address + one.size);
  return segment && segment.offset + address - segment.address;
}

/** The list of modules stands between two marks of 16 bytes; a program built without modules has none. */
function build(version: Buffer, modules: Buffer): GoBuildInfo | undefined {
  const goVersion = version.toString('utf8');
  if (!/^(?:go|devel)[\x20-\x7e]*$/.test(goVersion) || goVersion.length > 200) return undefined;
  const framed = modules.length >= 33 && modules[modules.length - 17] === 0x0a;
  return { goVersion, ...parseModuleInfo(framed ? modules.toString('utf8', 16, modules.length - 16) : '') };
}
