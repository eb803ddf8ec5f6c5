import { writePe } from './write-executable.ts';

const align = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
const u32 = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => void bytes.writeUInt32LE(value >>> 0, i * 4));
  return bytes;
};

/** A block of a version resource: length, length of the value, type, key, value, further blocks. */
function block(key: string, value: Buffer | string, children: readonly Buffer[] = []): Buffer {
  const content = typeof value === 'string' ? Buffer.from(value === '' ? '' : `${value}\0`, 'utf16le') : value;
  const head = align(Buffer.concat([Buffer.alloc(6), Buffer.from(`${key}\0`, 'utf16le')]));
  const parts = children.reduce(
    (all, child) => Buffer.concat([align(all), child]),
    align(Buffer.concat([head, content])),
  );
  const bytes = children.length > 0 ? parts : Buffer.concat([head, content]);
  bytes.writeUInt16LE(bytes.length, 0);
  bytes.writeUInt16LE(typeof value === 'string' ? content.length / 2 : content.length, 2);
  bytes.writeUInt16LE(typeof value === 'string' ? 1 : 0, 4);
  return bytes;
}

/** A Windows program with a version resource of these texts, as Microsoft's resource compiler writes it. */
export function writeVersionedPe(
  texts: Readonly<Record<string, string>>,
  { managed = false }: { readonly managed?: boolean } = {},
): Buffer {
  const strings = Object.entries(texts).map(([key, value]) => block(key, value));
  const fixed = Buffer.concat([u32(0xfeef04bd, 0x10000), Buffer.alloc(44)]);
  const version = block('VS_VERSION_INFO', fixed, [block('StringFileInfo', '', [block('040904b0', '', strings)])]);
  const ADDRESS = 0x1000;
  const directory = (id: number, target: number): Buffer => Buffer.concat([u32(0, 0, 0, 0x10000), u32(id, target)]);
  const tree = [
    directory(16, 0x80000000 + 24),
    directory(1, 0x80000000 + 48),
    directory(1033, 72),
    u32(ADDRESS + 88, version.length, 0, 0),
  ];
  const program = writePe([{ name: '.rsrc', content: Buffer.concat([...tree, version]), address: ADDRESS }]);
  // The number of data directories, and those of resources and of .NET.
  program.writeUInt32LE(16, 152 + 108);
  program.writeUInt32LE(ADDRESS, 152 + 112 + 2 * 8);
  program.writeUInt32LE(version.length + 88, 152 + 112 + 2 * 8 + 4);
  if (managed) program.writeUInt32LE(0x2000, 152 + 112 + 14 * 8);
  return program;
}
