import { LadingError } from '../../core/errors.ts';
import { BitReader } from './bit-reader.ts';
import { updateCrc } from './crc.ts';
import { decodeSymbols } from './decode-symbols.ts';

/** What the bytes of a bzip2 file begin with: "BZh" and the size of its blocks in 100,000 bytes. */
export const isBzip2 = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x42 && bytes[1] === 0x5a && bytes[2] === 0x68 && isLevel(bytes[3] ?? 0);

const isLevel = (byte: number): boolean => byte >= 0x31 && byte <= 0x39;
const BLOCK = 0x314159265359;
const END = 0x177245385090;

/** A piece is so large at most: a run of equal bytes can make a block many times its size. */
const PIECE = 1024 * 1024;

/**
 * Unpacks bzip2, all streams of it, block by block; checksums of blocks and streams are compared. There is no published
 * specification; the format is that of bzip2 1.0.8, without the randomised blocks that only 0.9.0 and older wrote.
 * A piece is good until the next one is asked for.
 *
 * @throws LadingError `bzip2-invalid`
 */
export function* bunzip2(packed: Uint8Array): Generator<Buffer> {
  const bits = new BitReader(packed);
  do {
    yield* oneStream(bits);
    bits.align();
  } while (!bits.atEnd());
}

const invalid = (why: string): LadingError => new LadingError('bzip2-invalid', `the bzip2 data are not valid: ${why}`);

function* oneStream(bits: BitReader): Generator<Buffer> {
  if (bits.take(24) !== 0x425a68) throw invalid('it does not begin as it should');
  const level = bits.take(8);
  if (!isLevel(level)) throw invalid('its block size is unknown');
  const transformed = new Uint32Array((level - 0x30) * 100_000);
  let combined = 0;
  for (let magic = bits.take48(); magic !== END; magic = bits.take48()) {
    if (magic !== BLOCK) throw invalid('a block does not begin as it should');
    const wanted = bits.take32();
    if (bits.take(1) === 1) throw invalid('a block is randomised');
    const origin = bits.take(24);
    const length = decodeSymbols(bits, transformed, invalid);
    if (origin >= length) throw invalid('a block begins outside of itself');
    const crc = { value: 0xffffffff };
    yield* unrun(transformed, length, origin, crc);
    const got = ~crc.value >>> 0;
    if (got !== wanted) throw invalid('a block is damaged');
    combined = (((combined << 1) | (combined >>> 31)) ^ got) >>> 0;
  }
  if (bits.take32() !== combined) throw invalid('a stream is damaged');
}

/** Undoes the Burrows-Wheeler transform (the pointers are above each byte) and the runs: four equal bytes, then how many more. */
function* unrun(transformed: Uint32Array, length: number, origin: number, crc: { value: number }): Generator<Buffer> {
  const piece = Buffer.allocUnsafe(PIECE);
  let filled = 0;
  let pointer = (transformed[origin] as number) >>> 8;
  let last = -1;
  let run = 0;
  for (let i = 0; i < length; i++) {
    const entry = transformed[pointer] as number;
    const byte = entry & 0xff;
    pointer = entry >>> 8;
    let count = 1;
    if (run === 4) {
      count = byte;
      run = 0;
    } else {
      run = byte === last ? run + 1 : 1;
      last = byte;
    }
    if (filled + count > PIECE) {
      crc.value = updateCrc(crc.value, piece, filled);
      yield piece.subarray(0, filled);
      filled = 0;
    }
    for (; count > 0; count--) piece[filled++] = last;
  }
  crc.value = updateCrc(crc.value, piece, filled);
  if (filled > 0) yield piece.subarray(0, filled);
}
