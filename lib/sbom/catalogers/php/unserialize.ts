/** Arrays of PHP become maps, since their keys are foreign and keep their order. */
export type PhpValue = null | boolean | number | string | ReadonlyMap<string, PhpValue>;

const MAX_DEPTH = 50;

/**
 * Reads a value as PHP's `serialize` writes it: null, booleans, numbers, strings (their lengths are in bytes) and arrays.
 *
 * @throws SyntaxError for anything else, objects among them
 */
export function unserializePhp(bytes: Buffer): PhpValue {
  const reader = new Reader(bytes);
  return reader.value(0);
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  value(depth: number): PhpValue {
    if (depth > MAX_DEPTH) throw new SyntaxError('its arrays are nested too deep');
    const type = this.#take(2);
    switch (type) {
      case 'N;':
        return null;
      case 'b:':
        return this.#until(';') === '1';
      case 'i:':
      case 'd:':
        return Number(this.#until(';'));
      case 's:':
        return this.#string();
      case 'a:':
        return this.#array(depth);
      default:
        throw new SyntaxError(`a value of the type ${JSON.stringify(type)} is not read`);
    }
  }

  #string(): string {
    const length = this.#length();
    this.#expect('"');
    const text = this.#take(length);
    this.#expect('";');
    return text;
  }

  #array(depth: number): ReadonlyMap<string, PhpValue> {
    const count = this.#length();
    this.#expect('{');
    const map = new Map<string, PhpValue>();
    for (let i = 0; i < count; i++) {
      const key = this.value(depth + 1);
      if (typeof key !== 'string' && typeof key !== 'number') throw new SyntaxError('a key is no text or number');
      map.set(String(key), this.value(depth + 1));
    }
    this.#expect('}');
    return map;
  }

  #length(): number {
    const digits = this.#until(':');
    if (!/^\d{1,9}$/.test(digits)) throw new SyntaxError('a length is no number');
    return Number(digits);
  }

  #until(end: string): string {
    const found = this.#bytes.indexOf(end, this.#at, 'latin1');
    if (found < 0 || found - this.#at > 64) throw new SyntaxError(`a ${JSON.stringify(end)} is missing`);
    const text = this.#bytes.toString('latin1', this.#at, found);
    this.#at = found + 1;
    return text;
  }

  #take(length: number): string {
    if (this.#at + length > this.#bytes.length) throw new SyntaxError('it is cut off');
    const text = this.#bytes.toString('utf8', this.#at, this.#at + length);
    this.#at += length;
    return text;
  }

  #expect(text: string): void {
    if (this.#take(text.length) !== text) throw new SyntaxError(`a ${JSON.stringify(text)} is missing`);
  }
}
