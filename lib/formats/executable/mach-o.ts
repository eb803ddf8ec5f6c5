import { type Executable, type FileRange, MAX_RANGES, type NumberReader, numberReader, textAt } from './executable.ts';

const SEGMENT = 0x1;
const SEGMENT_64 = 0x19;
const PROTECTION = 7;
const READ_WRITE = 3;

/** Apple's `mach-o/loader.h`. @throws RangeError where a command is outside of the file */
export function readMachO(bytes: Buffer): Executable {
  const magic = bytes.readUInt32BE(0);
  const read = numberReader(bytes, magic === 0xcefaedfe || magic === 0xcffaedfe);
  const wide = magic === 0xfeedfacf || magic === 0xcffaedfe;
  const segments: FileRange[] = [];
  const sections: FileRange[] = [];
  const commands = Math.min(read.u32(16), MAX_RANGES);
  let at = wide ? 32 : 28;
  for (let i = 0; i < commands && sections.length < MAX_RANGES; i++) {
    const command = read.u32(at);
    if (command === SEGMENT_64 || command === SEGMENT) {
      const { segment, parts } = readSegment(bytes, read, at, command === SEGMENT_64);
      segments.push(segment);
      sections.push(...parts);
    }
    const size = read.u32(at + 4);
    if (size < 8) break;
    at += size;
  }
  return { bytes, pointerBytes: wide ? 8 : 4, sections, segments };
}

function readSegment(
  bytes: Buffer,
  read: NumberReader,
  at: number,
  wide: boolean,
): { readonly segment: FileRange; readonly parts: readonly FileRange[] } {
  const [address, offset, size] = wide
    ? [read.u64(at + 24), read.u64(at + 40), read.u64(at + 48)]
    : [read.u32(at + 24), read.u32(at + 32), read.u32(at + 36)];
  const writable = (read.u32(at + (wide ? 60 : 44)) & PROTECTION) === READ_WRITE;
  const segment = { name: textAt(bytes, at + 8, 16), address, offset, size, writable };
  const count = Math.min(read.u32(at + (wide ? 64 : 48)), MAX_RANGES);
  const parts: FileRange[] = [];
  for (let i = 0; i < count; i++) {
    const section = at + (wide ? 72 + i * 80 : 56 + i * 68);
    parts.push({
      name: textAt(bytes, section, 16),
      address: wide ? read.u64(section + 32) : read.u32(section + 32),
      offset: read.u32(section + (wide ? 48 : 40)),
      size: wide ? read.u64(section + 40) : read.u32(section + 36),
      writable,
    });
  }
  return { segment, parts };
}

/** `mach-o/fat.h`: one program for each architecture. @throws RangeError */
export function readFatMachO(bytes: Buffer): Executable[] {
  const count = bytes.readUInt32BE(4);
  const programs: Executable[] = [];
  for (let i = 0; i < count; i++) {
    const offset = bytes.readUInt32BE(8 + i * 20 + 8);
    const size = bytes.readUInt32BE(8 + i * 20 + 12);
    const program = bytes.subarray(offset, offset + size);
    const magic = program.length < 32 ? 0 : program.readUInt32BE(0);
    if ([0xfeedface, 0xfeedfacf, 0xcefaedfe, 0xcffaedfe].includes(magic)) programs.push(readMachO(program));
  }
  return programs;
}
