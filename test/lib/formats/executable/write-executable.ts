export interface WrittenSection {
  readonly name: string;
  readonly content: Buffer;
  /** Where it is loaded; 0x1000 for each one before it by default. */
  readonly address?: number;
  readonly writable?: boolean;
}

type Elf = { readonly bits?: 32 | 64; readonly bigEndian?: boolean; readonly sectionTable?: boolean };

const align = (n: number): number => Math.ceil(n / 16) * 16;

/** An ELF file with a segment for each section, as a linker would write it; without its section table when stripped so. */
export function writeElf(
  sections: readonly WrittenSection[],
  { bits = 64, bigEndian, sectionTable = true }: Elf = {},
): Buffer {
  const wide = bits === 64;
  const bytes = Buffer.alloc(4096 + sections.reduce((sum, { content }) => sum + align(content.length) + 256, 0));
  const put = (at: number, size: 2 | 4 | 8, value: number): void => {
    if (size === 8) {
      if (bigEndian) bytes.writeBigUInt64BE(BigInt(value), at);
      else bytes.writeBigUInt64LE(BigInt(value), at);
    } else if (bigEndian) bytes.writeUIntBE(value, at, size);
    else bytes.writeUIntLE(value, at, size);
  };
  bytes.write('\x7fELF', 'latin1');
  bytes[4] = wide ? 2 : 1;
  bytes[5] = bigEndian ? 2 : 1;
  bytes[6] = 1;
  put(16, 2, 2);
  put(18, 2, wide ? 62 : 3);
  put(20, 4, 1);
  const names = Buffer.from(`\0${sections.map(({ name }) => `${name}\0`).join('')}.shstrtab\0`);
  const all = [...sections, { name: '.shstrtab', content: names, address: 0, writable: false }];
  let offset = 1024;
  const placed = all.map((section, i) => {
    const one = { address: 0x1000 * (i + 1), writable: false, ...section, offset, nameAt: 1 };
    one.nameAt = 1 + all.slice(0, i).reduce((sum, { name }) => sum + name.length + 1, 0);
    section.content.copy(bytes, offset);
    offset = align(offset + section.content.length);
    return one;
  });
  const [headerSize, segmentSize, sectionSize] = wide ? [64, 56, 64] : [52, 32, 40];
  put(wide ? 32 : 28, wide ? 8 : 4, headerSize);
  put(wide ? 40 : 32, wide ? 8 : 4, sectionTable ? offset : 0);
  put(wide ? 54 : 42, 2, segmentSize);
  put(wide ? 56 : 44, 2, sections.length);
  put(wide ? 58 : 46, 2, sectionSize);
  put(wide ? 60 : 48, 2, sectionTable ? all.length + 1 : 0);
  put(wide ? 62 : 50, 2, sectionTable ? all.length : 0);
  placed.slice(0, -1).forEach((one, i) => {
    const at = headerSize + i * segmentSize;
    const size = one.content.length;
    put(at, 4, 1);
    if (wide) {
      put(at + 4, 4, one.writable ? 6 : 4);
      [one.offset, one.address, 0, size, size].forEach((value, n) => void put(at + 8 + n * 8, 8, value));
    } else {
      [one.offset, one.address, 0, size, size, one.writable ? 6 : 4].forEach(
        (value, n) => void put(at + 4 + n * 4, 4, value),
      );
    }
  });
  placed.forEach((one, i) => {
    const at = offset + (i + 1) * sectionSize;
    if (!sectionTable) return;
    put(at, 4, one.nameAt);
    put(at + 4, 4, one.name === '.shstrtab' ? 3 : 1);
    const rest = [one.writable ? 1 : 0, one.address, one.offset, one.content.length];
    rest.forEach((value, n) => void put(at + 8 + n * (wide ? 8 : 4), wide ? 8 : 4, value));
  });
  return bytes.subarray(0, offset + (all.length + 1) * sectionSize);
}

/** A Windows program with a table of sections. */
export function writePe(sections: readonly WrittenSection[]): Buffer {
  const bytes = Buffer.alloc(2048 + sections.reduce((sum, { content }) => sum + align(content.length), 0));
  bytes.write('MZ', 'latin1');
  bytes.writeUInt32LE(128, 0x3c);
  bytes.write('PE\0\0', 128, 'latin1');
  bytes.writeUInt16LE(sections.length, 134);
  bytes.writeUInt16LE(240, 148);
  bytes.writeUInt16LE(0x20b, 152);
  bytes.writeBigUInt64LE(0x140000000n, 176);
  let offset = 1536;
  sections.forEach(({ name, content, address, writable }, i) => {
    const at = 392 + i * 40;
    bytes.write(name, at, 8, 'latin1');
    bytes.writeUInt32LE(content.length, at + 8);
    bytes.writeUInt32LE(address ?? 0x1000 * (i + 1), at + 12);
    bytes.writeUInt32LE(content.length, at + 16);
    bytes.writeUInt32LE(offset, at + 20);
    bytes.writeUInt32LE(writable ? 0xc0000040 : 0x60000020, at + 36);
    content.copy(bytes, offset);
    offset = align(offset + content.length);
  });
  return bytes;
}

/** A 64-bit macOS program with one segment, `__DATA`. */
export function writeMachO(sections: readonly WrittenSection[]): Buffer {
  const bytes = Buffer.alloc(2048 + sections.reduce((sum, { content }) => sum + align(content.length), 0));
  bytes.writeUInt32BE(0xcffaedfe, 0);
  bytes.writeUInt32LE(1, 16);
  bytes.writeUInt32LE(0x19, 32);
  bytes.writeUInt32LE(72 + sections.length * 80, 36);
  bytes.write('__DATA', 40, 'latin1');
  bytes.writeBigUInt64LE(0x100001000n, 56);
  bytes.writeBigUInt64LE(1024n, 72);
  bytes.writeBigUInt64LE(BigInt(bytes.length - 1024), 80);
  bytes.writeUInt32LE(3, 92);
  bytes.writeUInt32LE(sections.length, 96);
  let offset = 1024;
  sections.forEach(({ name, content }, i) => {
    const at = 104 + i * 80;
    bytes.write(name, at, 16, 'latin1');
    bytes.writeBigUInt64LE(BigInt(0x100001000 + offset - 1024), at + 32);
    bytes.writeBigUInt64LE(BigInt(content.length), at + 40);
    bytes.writeUInt32LE(offset, at + 48);
    content.copy(bytes, offset);
    offset = align(offset + content.length);
  });
  return bytes;
}

export function writeFatMachO(programs: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(4096);
  head.writeUInt32BE(0xcafebabe, 0);
  head.writeUInt32BE(programs.length, 4);
  let offset = head.length;
  programs.forEach((program, i) => {
    head.writeUInt32BE(offset, 16 + i * 20);
    head.writeUInt32BE(program.length, 20 + i * 20);
    offset += program.length;
  });
  return Buffer.concat([head, ...programs]);
}
