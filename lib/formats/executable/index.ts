import { readElf } from './elf.ts';
import type { Executable } from './executable.ts';
import { readFatMachO, readMachO } from './mach-o.ts';
import { readPe } from './pe.ts';

export type { Executable, FileRange } from './executable.ts';
export { type PeResources, readPeResources } from './pe-resources.ts';

export type ExecutableFormat = 'elf' | 'pe' | 'mach-o' | 'mach-o-fat';

/**
 * By the first eight bytes. Java classes begin like Mach-O files for several architectures; the number of those is small,
 * while a class has its version there, which began with 45.
 */
export function executableFormat(head: Uint8Array): ExecutableFormat | undefined {
  if (head.length < 8) return undefined;
  const magic = Buffer.from(head.buffer, head.byteOffset, head.byteLength).readUInt32BE(0);
  switch (magic) {
    case 0x7f454c46:
      return 'elf';
    case 0xfeedface:
    case 0xfeedfacf:
    case 0xcefaedfe:
    case 0xcffaedfe:
      return 'mach-o';
    case 0xcafebabe:
      return Buffer.from(head.buffer, head.byteOffset, head.byteLength).readUInt32BE(4) < 45 ? 'mach-o-fat' : undefined;
    default:
      return magic >>> 16 === 0x4d5a ? 'pe' : undefined;
  }
}

/**
 * Where the sections and segments of an executable or shared library are; one for each architecture that the file is for.
 * Empty for what is no such file, or has its tables outside of itself: such a file does not run, either.
 *
 * @param sections names of those that are of interest in an ELF file; all where it is absent
 */
export function readExecutables(bytes: Buffer, sections?: readonly string[]): readonly Executable[] {
  const format = executableFormat(bytes.subarray(0, 8));
  if (!format) return [];
  try {
    switch (format) {
      case 'elf':
        return [readElf(bytes, sections)];
      case 'pe':
        return [readPe(bytes)].filter((one) => one !== undefined);
      case 'mach-o':
        return [readMachO(bytes)];
      case 'mach-o-fat':
        return readFatMachO(bytes);
    }
  } catch (error) {
    if (error instanceof RangeError) return [];
    throw error;
  }
}
