import type { Digest } from '../../core/digest.ts';

/** A number for each digest of a registry, so that what is compared a million times is compared as numbers. */
export class DigestNumbers {
  readonly #numbers = new Map<Digest, number>();
  readonly #digests: Digest[] = [];

  get size(): number {
    return this.#digests.length;
  }

  numberOf(digest: Digest): number {
    const known = this.#numbers.get(digest);
    if (known !== undefined) return known;
    const number = this.#digests.length;
    this.#numbers.set(digest, number);
    this.#digests.push(digest);
    return number;
  }

  find(digest: Digest): number | undefined {
    return this.#numbers.get(digest);
  }

  /** Of a number that was given out here. */
  digestOf(number: number): Digest {
    return this.#digests[number] as Digest;
  }
}

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
