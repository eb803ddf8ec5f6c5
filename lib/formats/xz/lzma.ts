import { XzError } from './errors.ts';

interface Input {
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
}

interface Output {
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
  /** No match begins below. */
  readonly lowest: number;
}

const STATES = 12;
const POSITION_STATES = 16;
const HALF = 1024;
const TOP = 2 ** 24;
/** Where the probabilities of each kind of decision are, in one array. */
const IS_MATCH = 0;
const IS_REP = IS_MATCH + STATES * POSITION_STATES;
const IS_REP0 = IS_REP + STATES;
const IS_REP1 = IS_REP0 + STATES;
const IS_REP2 = IS_REP1 + STATES;
const IS_REP0_LONG = IS_REP2 + STATES;
const SLOT = IS_REP0_LONG + STATES * POSITION_STATES;
const SPECIAL = SLOT + 4 * 64;
const ALIGN = SPECIAL + 115;
/** Two of them: choice, choice2, low, mid, high. */
const LENGTH = ALIGN + 16;
const LENGTH_SIZE = 2 + 2 * POSITION_STATES * 8 + 256;
const LITERAL = LENGTH + 2 * LENGTH_SIZE;

/** The state of LZMA between chunks (Igor Pavlov, "LZMA Specification"), decoding from and into buffers. */
export class LzmaState {
  readonly #lc: number;
  readonly #lp: number;
  readonly #pb: number;
  readonly #probabilities: Uint16Array;
  #state = 0;
  #reps: [number, number, number, number] = [0, 0, 0, 0];
  #bytes = Buffer.alloc(0);
  #at = 0;
  #end = 0;
  #range = 0;
  #code = 0;

  constructor(properties: number) {
    if (properties >= 9 * 5 * 5) throw new XzError('there are no such properties');
    this.#lc = properties % 9;
    this.#lp = Math.floor(properties / 9) % 5;
    this.#pb = Math.floor(properties / 45);
    // LZMA2 takes no more, so that literals have at most 16 tables.
    if (this.#lc + this.#lp > 4) throw new XzError('there are no such properties');
    this.#probabilities = new Uint16Array(LITERAL + (0x300 << (this.#lc + this.#lp)));
    this.reset();
  }

  reset(): void {
    this.#probabilities.fill(HALF);
    this.#state = 0;
    this.#reps = [0, 0, 0, 0];
  }

  /** @throws XzError where the chunk does not give exactly what it should */
  decode(input: Input, output: Output): void {
    this.#begin(input);
    const { bytes, to } = output;
    let at = output.from;
    while (at < to) {
      const position = (at - output.lowest) & ((1 << this.#pb) - 1);
      const state = this.#state;
      if (this.#bit(IS_MATCH + (state << 4) + position) === 0) {
        bytes[at] = this.#literal(bytes, at, output.lowest);
        at++;
        continue;
      }
      const length = this.#match(position);
      const from = at - this.#reps[0] - 1;
      if (from < output.lowest) throw new XzError('a match reaches before the dictionary');
      if (length > to - at) throw new XzError('a match reaches over the end of its chunk');
      // It may reach into itself, and then repeats.
      for (let i = 0; i < length; i++) bytes[at + i] = bytes[from + i] as number;
      at += length;
    }
    // Encoders leave the last bytes of the range for the decoder to have read.
    if (this.#range < TOP) this.#next();
    if (this.#at !== this.#end) throw new XzError('a chunk holds more than it says');
  }

  #begin({ bytes, from, to }: Input): void {
    if (to - from < 5 || bytes[from] !== 0) throw new XzError('a chunk begins wrongly');
    this.#bytes = bytes as Buffer<ArrayBuffer>;
    this.#at = from + 5;
    this.#end = to;
    this.#range = 0xffffffff;
    this.#code = bytes.readUInt32BE(from + 1);
  }

  #next(): void {
    if (this.#at >= this.#end) throw new XzError('a chunk ends early');
    this.#range = (this.#range << 8) >>> 0;
    this.#code = ((this.#code << 8) | (this.#bytes[this.#at++] as number)) >>> 0;
  }

  #bit(index: number): 0 | 1 {
    if (this.#range < TOP) this.#next();
    const probability = this.#probabilities[index] as number;
    const bound = (this.#range >>> 11) * probability;
    if (this.#code < bound) {
      this.#range = bound;
      this.#probabilities[index] = probability + ((2048 - probability) >> 5);
      return 0;
    }
    this.#range -= bound;
    this.#code -= bound;
    this.#probabilities[index] = probability - (probability >> 5);
    return 1;
  }

  #tree(base: number, bits: number): number {
    let symbol = 1;
    for (let i = 0; i < bits; i++) symbol = (symbol << 1) | this.#bit(base + symbol);
    return symbol - (1 << bits);
  }

  #reverseTree(base: number, bits: number): number {
    let symbol = 1;
    let value = 0;
    for (let i = 0; i < bits; i++) {
      const bit = this.#bit(base + symbol);
      symbol = (symbol << 1) | bit;
      value |= bit << i;
    }
    return value;
  }

  #direct(bits: number): number {
    let value = 0;
    for (let i = 0; i < bits; i++) {
      if (this.#range < TOP) this.#next();
      this.#range >>>= 1;
      const bit = this.#code >= this.#range ? 1 : 0;
      if (bit === 1) this.#code -= this.#range;
      value = value * 2 + bit;
    }
    return value;
  }

  #literal(bytes: Buffer, at: number, lowest: number): number {
    const before = at > lowest ? (bytes[at - 1] as number) : 0;
    const low = ((at - lowest) & ((1 << this.#lp) - 1)) << this.#lc;
    const base = LITERAL + 0x300 * (low + (before >> (8 - this.#lc)));
    let symbol = 1;
    if (this.#state >= 7) {
      const from = at - this.#reps[0] - 1;
      if (from < lowest) throw new XzError('a match reaches before the dictionary');
      let matched = bytes[from] as number;
      do {
        const wanted = (matched >> 7) & 1;
        matched = (matched << 1) & 0xff;
        const bit = this.#bit(base + ((1 + wanted) << 8) + symbol);
        symbol = (symbol << 1) | bit;
        if (bit !== wanted) break;
      } while (symbol < 0x100);
    }
    while (symbol < 0x100) symbol = (symbol << 1) | this.#bit(base + symbol);
    this.#state = this.#state < 4 ? 0 : this.#state < 10 ? this.#state - 3 : this.#state - 6;
    return symbol & 0xff;
  }

  /** Takes the distance into the first of the last four, and returns the length. */
  #match(position: number): number {
    const state = this.#state;
    const [rep0, rep1, rep2] = this.#reps;
    if (this.#bit(IS_REP + state) === 0) {
      const length = this.#length(LENGTH, position);
      this.#reps = [this.#distance(length), rep0, rep1, rep2];
      this.#state = state < 7 ? 7 : 10;
      return length + 2;
    }
    if (this.#bit(IS_REP0 + state) === 0) {
      if (this.#bit(IS_REP0_LONG + (state << 4) + position) === 0) {
        this.#state = state < 7 ? 9 : 11;
        return 1;
      }
    } else this.#reps = this.#repeated(state);
    this.#state = state < 7 ? 8 : 11;
    return this.#length(LENGTH + LENGTH_SIZE, position) + 2;
  }

  #repeated(state: number): [number, number, number, number] {
    const [rep0, rep1, rep2, rep3] = this.#reps;
    if (this.#bit(IS_REP1 + state) === 0) return [rep1, rep0, rep2, rep3];
    if (this.#bit(IS_REP2 + state) === 0) return [rep2, rep0, rep1, rep3];
    return [rep3, rep0, rep1, rep2];
  }

  #length(base: number, position: number): number {
    const low = base + 2;
    if (this.#bit(base) === 0) return this.#tree(low + position * 8, 3);
    if (this.#bit(base + 1) === 0) return 8 + this.#tree(low + 128 + position * 8, 3);
    return 16 + this.#tree(low + 256, 8);
  }

  #distance(length: number): number {
    const slot = this.#tree(SLOT + Math.min(length, 3) * 64, 6);
    if (slot < 4) return slot;
    const bits = (slot >> 1) - 1;
    const high = (2 | (slot & 1)) * 2 ** bits;
    if (slot < 14) return high + this.#reverseTree(SPECIAL + high - slot, bits);
    return high + this.#direct(bits - 4) * 16 + this.#reverseTree(ALIGN, 4);
  }
}
