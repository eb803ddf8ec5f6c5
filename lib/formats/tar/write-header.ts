const BLOCK = 512;
const NAME_BYTES = 100;
/** From this size on the eleven octal digits of a header do not do. */
const OCTAL_LIMIT = 8 ** 11;
/** What GNU tar calls the entry that has the name of the next one. */
const LONG_NAME = '././@LongLink';

/** Zeros after content of so many bytes, up to a whole block. */
export const tarPadding = (size: number): number => (BLOCK - (size % BLOCK)) % BLOCK;

/** Two zero blocks (POSIX.1-2017 pax, "ustar Interchange Format"). */
export const TAR_END_BYTES = 2 * BLOCK;

/**
 * The header of a regular file: the same name and size give the same bytes, with nobody as its owner and no time. Names
 * over 100 bytes and sizes from 8 GiB on are written as GNU tar does (GNU tar manual, "Basic Tar Format"), which libarchive
 * and Go read, too.
 *
 * @param size bytes
 */
export function tarFileHeader(path: string, size: number): Buffer {
  const name = Buffer.from(path);
  if (name.length <= NAME_BYTES) return block(name, '0', size);
  const content = Buffer.concat([name, Buffer.alloc(1)]);
  return Buffer.concat([
    block(Buffer.from(LONG_NAME), 'L', content.length),
    content,
    Buffer.alloc(tarPadding(content.length)),
    block(name.subarray(0, NAME_BYTES), '0', size),
  ]);
}

function block(name: Buffer, typeflag: string, size: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  const isGnu = typeflag === 'L' || size >= OCTAL_LIMIT;
  name.copy(header, 0);
  header.write('0000644\0', 100, 'latin1');
  header.write('0000000\0', 108, 'latin1');
  header.write('0000000\0', 116, 'latin1');
  writeSize(header, size);
  header.write('00000000000\0', 136, 'latin1');
  header.write(typeflag, 156, 'latin1');
  header.write(isGnu ? 'ustar  \0' : 'ustar\x0000', 257, 'latin1');
  header.fill(0x20, 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

function writeSize(header: Buffer, size: number): void {
  if (size < OCTAL_LIMIT) {
    header.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
    return;
  }
  header[124] = 0x80;
  header.writeBigUInt64BE(BigInt(size), 128);
}
