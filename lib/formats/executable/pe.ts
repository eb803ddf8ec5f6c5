import { type Executable, type FileRange, numberReader, textAt } from './executable.ts';

const SIGNATURE = 0x00004550;
/** IMAGE_SCN_CNT_INITIALIZED_DATA, IMAGE_SCN_MEM_READ, IMAGE_SCN_MEM_WRITE; the alignment does not count. */
const DATA = 0xc0000040;
const ALIGNMENT = 0x00f00000;

/**
 * Microsoft's "PE Format": COFF file header, optional header and section table. Undefined for older programs for DOS.
 *
 * @throws RangeError where a table is outside of the file
 */
export function readPe(bytes: Buffer): Executable | undefined {
  const read = numberReader(bytes, true);
  if (bytes.length < 64) return undefined;
  const header = read.u32(0x3c);
  if (header + 24 > bytes.length || read.u32(header) !== SIGNATURE) return undefined;
  const optional = header + 24;
  const wide = read.u16(optional) === 0x20b;
  const base = wide ? read.u64(optional + 24) : read.u32(optional + 28);
  const table = optional + read.u16(header + 20);
  const sections: FileRange[] = [];
  // The number has 16 bits, so the table is bounded.
  for (let i = 0; i < read.u16(header + 6); i++) {
    const at = table + i * 40;
    sections.push({
      name: textAt(bytes, at, 8),
      address: base + read.u32(at + 12),
      offset: read.u32(at + 20),
      size: read.u32(at + 16),
      writable: (read.u32(at + 36) & ~ALIGNMENT) >>> 0 === DATA,
    });
  }
  return { bytes, pointerBytes: wide ? 8 : 4, sections, segments: sections };
}
