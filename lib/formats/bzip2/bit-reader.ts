import { LadingError } from '../../core/errors.ts';

/** Bits of a byte array, the highest of each byte first. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #held = 0;
  #count = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Up to 24 bits. @throws LadingError `bzip2-invalid` where they break off */
  take(count: number): number {
    while (this.#count < count) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new LadingError('bzip2-invalid', 'the bzip2 data break off');
      this.#held = ((this.#held << 8) | byte) & 0xffffffff;
      this.#count += 8;
    }
    this.#count -= count;
    return (this.#held >>> this.#count) & ((1 << count) - 1);
  }

  take32(): number {
    return this.take(16) * 0x10000 + this.take(16);
  }

  take48(): number {
    return this.take(24) * 0x1000000 + this.take(24);
  }

  /** Drops what is left of a byte. */
  align(): void {
    this.#count -= this.#count % 8;
  }

  atEnd(): boolean {
    return this.#count === 0 && this.#at >= this.#bytes.length;
  }
}
