/** A part of an executable: where it is in the file, and where it is loaded. */
export interface FileRange {
  readonly name: string;
  /** Where it is in memory; zero for what is not loaded. */
  readonly address: number;
  readonly offset: number;
  /** Bytes in the file. */
  readonly size: number;
  /** Data that the program may change, and no code. */
  readonly writable: boolean;
}

export interface Executable {
  /** Of this architecture: the whole file, or a part of a file for several. Offsets count from its beginning. */
  readonly bytes: Buffer;
  readonly pointerBytes: 4 | 8;
  readonly sections: readonly FileRange[];
  /** What is loaded. */
  readonly segments: readonly FileRange[];
}

/** Honest files have a few dozen. Beyond, a table is there to keep its reader busy. */
export const MAX_RANGES = 20_000;

export interface NumberReader {
  u16(at: number): number;
  u32(at: number): number;
  /** Numbers beyond 2^53 come out inexact, which no offset inside of a file is. */
  u64(at: number): number;
}

export function numberReader(bytes: Buffer, littleEndian: boolean): NumberReader {
  return littleEndian
    ? {
        u16: (at) => bytes.readUInt16LE(at),
        u32: (at) => bytes.readUInt32LE(at),
        u64: (at) => bytes.readUInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at),
      }
    : {
        u16: (at) => bytes.readUInt16BE(at),
        u32: (at) => bytes.readUInt32BE(at),
        u64: (at) => bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4),
      };
}

/** A text of at most `most` bytes that ends with a zero byte or there. */
export function textAt(bytes: Buffer, at: number, most: number): string {
  const end = Math.min(bytes.length, at + most);
  const zero = bytes.subarray(at, end).indexOf(0);
  return bytes.toString('latin1', at, zero < 0 ? end : at + zero);
}
