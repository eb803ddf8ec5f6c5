import { Buffer } from 'node:buffer';
import type { Digest } from '../../core/digest.ts';

const WORDS = 8;
const SHA256 = 'sha256:';
const LENGTH = SHA256.length + WORDS * 8;

/**
 * A number for each digest of a registry, so that what is compared a million times is compared as numbers. The digests
 * themselves are kept as their bytes: 36 of them each, where a map of texts takes 130.
 */
export class DigestNumbers {
  #size = 0;
  #words = new Uint32Array(1024 * WORDS);
  /** Open addressing by the first word, which is as good as random; a number + 1, or 0 where nothing is. */
  #slots = new Int32Array(4096);
  /** Of other algorithms, which are rare. */
  readonly #others = new Map<Digest, number>();
  readonly #texts = new Map<number, Digest>();
  readonly #wanted = new Uint32Array(WORDS);

  get size(): number {
    return this.#size;
  }

  numberOf(digest: Digest): number {
    if (!readWords(digest, this.#wanted)) {
      const known = this.#others.get(digest);
      if (known !== undefined) return known;
      const number = this.#append();
      this.#others.set(digest, number);
      this.#texts.set(number, digest);
      return number;
    }
    return this.#numberOfWanted();
  }

  /** Of a SHA-256 digest of which these are the words, as {@link copyWords} writes them. */
  numberOfWords(words: Uint32Array, at: number): number {
    for (let i = 0; i < WORDS; i++) this.#wanted[i] = words[at + i] as number;
    return this.#numberOfWanted();
  }

  find(digest: Digest): number | undefined {
    if (!readWords(digest, this.#wanted)) return this.#others.get(digest);
    const found = this.#slots[this.#slotOfWanted()] as number;
    return found === 0 ? undefined : found - 1;
  }

  /** Of a number that was given out here. */
  digestOf(number: number): Digest {
    const other = this.#texts.size === 0 ? undefined : this.#texts.get(number);
    if (other !== undefined) return other;
    for (let i = 0; i < WORDS; i++)
      scratch.writeUInt32BE(this.#words[number * WORDS + i] as number, SHA256.length + i * 4);
    return `${SHA256}${scratch.toString('hex', SHA256.length)}`;
  }

  /** Writes the 8 words of a digest; false where it is not one of SHA-256. */
  copyWords(number: number, into: Uint32Array, at: number): boolean {
    if (this.#texts.has(number)) return false;
    for (let i = 0; i < WORDS; i++) into[at + i] = this.#words[number * WORDS + i] as number;
    return true;
  }

  #numberOfWanted(): number {
    const slot = this.#slotOfWanted();
    const found = this.#slots[slot] as number;
    if (found > 0) return found - 1;
    const number = this.#append();
    this.#words.set(this.#wanted, number * WORDS);
    this.#slots[slot] = number + 1;
    if (this.#size * 2 > this.#slots.length) this.#rehash();
    return number;
  }

  #slotOfWanted(): number {
    const mask = this.#slots.length - 1;
    let slot = (this.#wanted[0] as number) & mask;
    for (;;) {
      const found = this.#slots[slot] as number;
      if (found === 0 || this.#isWanted((found - 1) * WORDS)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #isWanted(at: number): boolean {
    for (let i = 0; i < WORDS; i++) if (this.#words[at + i] !== this.#wanted[i]) return false;
    return true;
  }

  #append(): number {
    if ((this.#size + 1) * WORDS > this.#words.length) {
      const larger = new Uint32Array(this.#words.length * 2);
      larger.set(this.#words);
      this.#words = larger;
    }
    return this.#size++;
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let number = 0; number < this.#size; number++) {
      if (this.#texts.has(number)) continue;
      let slot = (this.#words[number * WORDS] as number) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = number + 1;
    }
    this.#slots = slots;
  }
}

/** False for what is no SHA-256 digest in lower case. */
function readWords(digest: string, words: Uint32Array): boolean {
  if (digest.length !== LENGTH || !digest.startsWith(SHA256)) return false;
  let at = SHA256.length;
  for (let i = 0; i < WORDS; i++) {
    let word = 0;
    for (const end = at + 8; at < end; at++) {
      const value = VALUES[digest.charCodeAt(at)] ?? INVALID;
      if (value === INVALID) return false;
      word = (word << 4) | value;
    }
    words[i] = word;
  }
  return true;
}

const INVALID = 255;
const VALUES = new Uint8Array(128).fill(INVALID);
for (let value = 0; value < 16; value++) VALUES[value.toString(16).charCodeAt(0)] = value;

const scratch = Buffer.from(`${SHA256}${'\0'.repeat(WORDS * 4)}`);

/** The same for texts that come again and again: media types, platforms, labels. */
export class TextNumbers {
  readonly #numbers = new Map<string, number>();
  readonly texts: string[] = [];

  numberOf(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.texts.length;
    this.#numbers.set(text, number);
    this.texts.push(text);
    return number;
  }
}
