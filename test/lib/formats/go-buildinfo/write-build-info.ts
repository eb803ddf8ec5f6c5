import { writeElf } from '../executable/write-executable.ts';

const MAGIC = Buffer.from('\xff Go buildinf:', 'latin1');
const MARK = Buffer.alloc(16, 0xa5);

/** The list of modules as Go's linker frames it. */
const framed = (modules: string): Buffer =>
  modules === '' ? Buffer.alloc(0) : Buffer.concat([MARK, Buffer.from(modules), MARK]);

function withLength(text: Buffer): Buffer {
  const length: number[] = [];
  for (let rest = text.length; ; rest = Math.floor(rest / 128)) {
    length.push(rest < 128 ? rest : (rest % 128) + 128);
    if (rest < 128) break;
  }
  return Buffer.concat([Buffer.from(length), text]);
}

/** The build information of Go 1.18 and later. */
export const inlineBuildInfo = (version: string, modules: string): Buffer =>
  Buffer.concat([
    MAGIC,
    Buffer.from([8, 2]),
    Buffer.alloc(16),
    withLength(Buffer.from(version)),
    withLength(framed(modules)),
  ]);

/** A program of an older Go: build information with pointers to the texts, in other places. */
export function pointerProgram(
  version: string,
  modules: string,
  options: { bits?: 32 | 64; bigEndian?: boolean } = {},
): Buffer {
  const { bits = 64, bigEndian = false } = options;
  const size = bits / 8;
  const pointers = (...values: number[]): Buffer =>
    Buffer.concat(
      values.map((value) => {
        const bytes = Buffer.alloc(size);
        if (bits === 32) bigEndian ? bytes.writeUInt32BE(value) : bytes.writeUInt32LE(value);
        else bigEndian ? bytes.writeBigUInt64BE(BigInt(value)) : bytes.writeBigUInt64LE(BigInt(value));
        return bytes;
      }),
    );
  const texts = Buffer.concat([Buffer.from(version), framed(modules)]);
  const [textsAt, stringsAt] = [0x10000, 0x20000];
  const strings = pointers(textsAt, version.length, textsAt + version.length, texts.length - version.length);
  const header = Buffer.concat([
    MAGIC,
    Buffer.from([size, bigEndian ? 1 : 0]),
    pointers(stringsAt, stringsAt + 2 * size),
    Buffer.alloc(16),
  ]);
  return writeElf(
    [
      { name: '.rodata', content: texts, address: textsAt },
      { name: '.go.buildinfo', content: header, address: 0x30000, writable: true },
      { name: '.data', content: strings, address: stringsAt, writable: true },
    ],
    { bits, bigEndian },
  );
}
