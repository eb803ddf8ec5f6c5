import { LimitExceededError } from '../../core/errors.ts';
import { XzError } from './errors.ts';
import { LzmaState } from './lzma.ts';

const FIRST_BYTES = 64 * 1024;

/** Chunks of LZMA2 one after the other; all that was unpacked is the dictionary. */
export class Lzma2Decoder {
  readonly #input: Buffer;
  readonly #max: number;
  #out = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;
  /** Matches reach back no further than to here. */
  #dictionaryStart = 0;
  #state: LzmaState | undefined;

  constructor(input: Buffer, max: number) {
    this.#input = input;
    this.#max = max;
  }

  get length(): number {
    return this.#length;
  }

  since(begin: number): Buffer {
    return this.#out.subarray(begin, this.#length);
  }

  output(): Buffer {
    return this.#out.subarray(0, this.#length);
  }

  /** @returns the position behind the last chunk. */
  decode(start: number): number {
    let at = start;
    for (let first = true; ; first = false) {
      const control = this.#byte(at++);
      if (control === 0) return at;
      const resets = control === 1 || control >= 0xe0;
      if (first && !resets) throw new XzError('a block does not begin with an empty dictionary');
      if (resets) this.#dictionaryStart = this.#length;
      if (control >= 0x80) at = this.#compressed(control, at);
      else if (control <= 2) at = this.#plain(at);
      else throw new XzError('there is no such chunk');
    }
  }

  #plain(at: number): number {
    const size = ((this.#byte(at) << 8) | this.#byte(at + 1)) + 1;
    const begin = at + 2;
    if (begin + size > this.#input.length) throw new XzError('the file ends early');
    this.#reserve(size);
    this.#input.copy(this.#out, this.#length, begin, begin + size);
    this.#length += size;
    return begin + size;
  }

  #compressed(control: number, start: number): number {
    let at = start;
    const unpacked = (((control & 0x1f) << 16) | (this.#byte(at) << 8) | this.#byte(at + 1)) + 1;
    const packed = ((this.#byte(at + 2) << 8) | this.#byte(at + 3)) + 1;
    at += 4;
    if (control >= 0xc0) this.#state = new LzmaState(this.#byte(at++));
    else if (control >= 0xa0) this.#state?.reset();
    if (this.#state === undefined) throw new XzError('a chunk comes before its properties');
    if (at + packed > this.#input.length) throw new XzError('the file ends early');
    this.#reserve(unpacked);
    this.#state.decode(
      { bytes: this.#input, from: at, to: at + packed },
      { bytes: this.#out, from: this.#length, to: this.#length + unpacked, lowest: this.#dictionaryStart },
    );
    this.#length += unpacked;
    return at + packed;
  }

  #reserve(bytes: number): void {
    const wanted = this.#length + bytes;
    if (wanted > this.#max) throw new LimitExceededError('xz-bytes', `the file unpacks to over ${this.#max} bytes`);
    if (wanted <= this.#out.length) return;
    const grown = Buffer.allocUnsafe(Math.min(this.#max, Math.max(wanted, this.#out.length * 2)));
    this.#out.copy(grown, 0, 0, this.#length);
    this.#out = grown;
  }

  #byte(at: number): number {
    const byte = this.#input[at];
    if (byte === undefined) throw new XzError('the file ends early');
    return byte;
  }
}
