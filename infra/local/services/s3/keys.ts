import { invalidArgument, S3Error } from './errors.ts';

/** S3 User Guide, "Naming Amazon S3 objects": a key is at most 1,024 bytes of UTF-8, with any characters. */
const MAX_KEY_BYTES = 1024;

export function checkKey(key: string): string {
  const bytes = Buffer.byteLength(key);
  if (bytes > MAX_KEY_BYTES) {
    throw new S3Error(400, 'KeyTooLongError', 'Your key is too long', {
      details: { Size: String(bytes), MaxSizeAllowed: String(MAX_KEY_BYTES) },
    });
  }
  if (key === '') throw invalidArgument('key', key, 'An object key must not be empty.');
  return key;
}

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** S3 User Guide, "General purpose buckets naming rules". Such a name is also safe as part of a path. */
export const isBucketName = (name: string): boolean =>
  BUCKET.test(name) && !name.includes('..') && !/^\d+\.\d+\.\d+\.\d+$/.test(name) && !name.startsWith('xn--');

/**
 * The order of listings is the order of the keys' UTF-8 bytes. JavaScript compares UTF-16 code units, in which a
 * surrogate (a character above U+FFFF) sorts before U+E000…U+FFFF; moving the surrogates up repairs that.
 */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    let x = a.charCodeAt(i);
    let y = b.charCodeAt(i);
    if (x !== y) {
      if (x >= 0xd800 && y >= 0xd800) {
        x = x >= 0xe000 ? x - 0x800 : x + 0x2000;
        y = y >= 0xe000 ? y - 0x800 : y + 0x2000;
      }
      return x - y;
    }
  }
  return a.length - b.length;
}

/** Different keys in listing order, for binary search by prefix and marker. */
export class SortedKeys {
  readonly #keys: string[] = [];
  /** Keys that came before the first look (while loading) are sorted once, at that look. */
  #sorted = false;

  get size(): number {
    return this.#keys.length;
  }

  /** Adds a key that is not there yet. */
  add(key: string): void {
    const last = this.#keys.at(-1);
    if (last === undefined || !this.#sorted || compareKeys(last, key) < 0) this.#keys.push(key);
    else this.#keys.splice(this.indexFrom(key), 0, key);
  }

  remove(key: string): void {
    const at = this.indexFrom(key);
    if (this.#keys[at] === key) this.#keys.splice(at, 1);
  }

  at(index: number): string | undefined {
    this.#sort();
    return this.#keys[index];
  }

  /** The index of the first key that is not before `key`. */
  indexFrom(key: string): number {
    this.#sort();
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareKeys(this.#keys[middle] ?? '', key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The index of the first key after all that start with `prefix`, searched from `from` on. */
  indexAfterPrefix(prefix: string, from: number): number {
    this.#sort();
    let low = from;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#keys[middle] ?? '').startsWith(prefix)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #sort(): void {
    if (this.#sorted) return;
    this.#keys.sort(compareKeys);
    this.#sorted = true;
  }
}
