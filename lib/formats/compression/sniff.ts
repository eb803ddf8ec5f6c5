/** What the first bytes of a blob say about how it is packed. Media types lie; container runtimes look at the bytes. */
export type Compression = 'gzip' | 'zstd' | 'xz' | 'bzip2' | 'none';

/** How many bytes `sniffCompression` wants to see. */
export const SNIFF_BYTES = 6;

const MAGIC: readonly (readonly [Compression, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]], // RFC 1952, section 2.3.1
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]], // RFC 8878, section 3.1.1
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['bzip2', [0x42, 0x5a, 0x68]],
];

export function sniffCompression(head: Uint8Array): Compression {
  if (head.length >= 4 && isSkippableMagic(head)) return 'zstd';
  return MAGIC.find(([, magic]) => magic.every((byte, i) => head[i] === byte))?.[0] ?? 'none';
}

/** RFC 8878, section 3.1.2: a zstd file may begin with a frame that holds nothing. */
export const isSkippableMagic = (bytes: Uint8Array): boolean =>
  ((bytes[0] as number) & 0xf0) === 0x50 && bytes[1] === 0x2a && bytes[2] === 0x4d && bytes[3] === 0x18;
