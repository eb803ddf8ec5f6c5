import { type Executable, type FileRange, MAX_RANGES, type NumberReader, numberReader, textAt } from './executable.ts';

const NO_BITS = 8;
const LOAD = 1;
const EXECUTE = 1;
const WRITE = 2;
const SECTION_WRITE = 1;

/**
 * System V ABI, "ELF header", "Sections" and "Program Loading".
 *
 * @param wanted names of the sections that are of interest; all where it is absent
 * @throws RangeError where a table is outside of the file
 */
export function readElf(bytes: Buffer, wanted?: readonly string[]): Executable {
  const wide = bytes[4] === 2;
  const read = numberReader(bytes, bytes[5] !== 2);
  return {
    bytes,
    pointerBytes: wide ? 8 : 4,
    sections: readSections(bytes, read, wide, wanted),
    segments: wide ? readSegments64(read) : readSegments32(read),
  };
}

function readSections(
  bytes: Buffer,
  read: NumberReader,
  wide: boolean,
  wanted: readonly string[] | undefined,
): FileRange[] {
  const table = wide ? read.u64(40) : read.u32(32);
  const entrySize = read.u16(wide ? 58 : 46);
  if (table === 0 || entrySize < (wide ? 64 : 40)) return [];
  const section = (at: number) =>
    wide
      ? { flags: read.u64(at + 8), address: read.u64(at + 16), offset: read.u64(at + 24), size: read.u64(at + 32) }
      : { flags: read.u32(at + 8), address: read.u32(at + 12), offset: read.u32(at + 16), size: read.u32(at + 20) };
  // Numbers that do not fit into the header stand in the first section.
  const count = Math.min(read.u16(wide ? 60 : 48) || section(table).size, MAX_RANGES);
  const named = read.u16(wide ? 62 : 50);
  const namesIndex = named === 0xffff ? read.u32(table + (wide ? 40 : 24)) : named;
  if (count === 0 || namesIndex >= count) return [];
  const names = section(table + namesIndex * entrySize);
  const sections: FileRange[] = [];
  for (let i = 1; i < count; i++) {
    const at = table + i * entrySize;
    const nameAt = names.offset + read.u32(at);
    if (wanted && !wanted.some((name) => isTextAt(bytes, nameAt, name))) continue;
    const type = read.u32(at + 4);
    const { flags, address, offset, size } = section(at);
    const name = textAt(bytes, nameAt, 64);
    const writable = flags % 2 === SECTION_WRITE;
    sections.push({ name, address, offset, size: type === NO_BITS ? 0 : size, writable });
  }
  return sections;
}

/** Compares without making a text: an image has tens of thousands of sections, and hardly any is of interest. */
function isTextAt(bytes: Buffer, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return bytes[at + text.length] === 0;
}

const isData = (flags: number): boolean => (flags & (WRITE | EXECUTE)) === WRITE;

function readSegments64(read: NumberReader): FileRange[] {
  return segmentTable(read.u64(32), read.u16(54), read.u16(56)).flatMap((at) => {
    if (read.u32(at) !== LOAD) return [];
    const [offset, address, size] = [read.u64(at + 8), read.u64(at + 16), read.u64(at + 32)];
    return [{ name: '', address, offset, size, writable: isData(read.u32(at + 4)) }];
  });
}

function readSegments32(read: NumberReader): FileRange[] {
  return segmentTable(read.u32(28), read.u16(42), read.u16(44)).flatMap((at) => {
    if (read.u32(at) !== LOAD) return [];
    const [offset, address, size] = [read.u32(at + 4), read.u32(at + 8), read.u32(at + 16)];
    return [{ name: '', address, offset, size, writable: isData(read.u32(at + 24)) }];
  });
}

const segmentTable = (table: number, entrySize: number, count: number): number[] =>
  Array.from({ length: Math.min(count, MAX_RANGES) }, (_, i) => table + i * entrySize);
