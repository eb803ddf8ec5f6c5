import { LadingError } from '../../core/errors.ts';

/** The bytes are no SQLite database, or are damaged. */
export class SqliteError extends LadingError {
  override readonly name = 'SqliteError';

  constructor(message: string) {
    super('sqlite-damaged', message);
  }
}

const MAGIC = Buffer.from('SQLite format 3\0', 'latin1');
const HEADER_BYTES = 100;

/** A cell of a table's leaf: the payload is the record, the row's values. */
export interface Cell {
  readonly rowid: number;
  readonly payload: Buffer;
}

/**
 * The pages of an SQLite database in memory ("Database File Format", sections 1.3 to 1.6). Every page is visited at most
 * once, so that a database that was made to lead in circles ends, and the work is bounded by the length of the file.
 */
export class SqlitePages {
  readonly #file: Buffer;
  readonly #pageSize: number;
  /** Bytes of a page that hold content. */
  readonly #usable: number;
  readonly #visited: Uint8Array;

  constructor(file: Buffer) {
    if (file.length < HEADER_BYTES || !file.subarray(0, MAGIC.length).equals(MAGIC)) {
      throw new SqliteError('the file does not begin as an SQLite database');
    }
    const size = file.readUInt16BE(16);
    this.#file = file;
    this.#pageSize = size === 1 ? 65_536 : size;
    if (this.#pageSize < 512 || (this.#pageSize & (this.#pageSize - 1)) !== 0) {
      throw new SqliteError(`a page of ${this.#pageSize} bytes is not possible`);
    }
    this.#usable = this.#pageSize - file.readUInt8(20);
    if (this.#usable < 480) throw new SqliteError('too much of each page is reserved');
    const encoding = file.readUInt32BE(56);
    if (encoding > 1) throw new SqliteError('its texts are not UTF-8');
    this.#visited = new Uint8Array(Math.ceil(file.length / this.#pageSize) + 1);
  }

  /** The cells of a table whose tree has its root on that page, in the order of their row ids. */
  *cells(root: number): Generator<Cell> {
    // Deepest first, the children of a page in reverse: a stack, since a hostile tree may be as deep as the file is long.
    const waiting = [root];
    for (let number = waiting.pop(); number !== undefined; number = waiting.pop()) {
      const page = this.#page(number);
      const start = number === 1 ? HEADER_BYTES : 0;
      const type = page.readUInt8(start);
      if (type === 0x0d) yield* this.#leafCells(page, start);
      else if (type === 0x05) waiting.push(...this.#children(page, start).reverse());
      else throw new SqliteError(`page ${number} is not of a table`);
    }
  }

  #page(number: number): Buffer {
    const page = this.#file.subarray((number - 1) * this.#pageSize, number * this.#pageSize);
    if (number < 1 || page.length < this.#pageSize) throw new SqliteError(`page ${number} is missing`);
    if (this.#visited[number] === 1) throw new SqliteError(`page ${number} is used twice`);
    this.#visited[number] = 1;
    return page;
  }

  #children(page: Buffer, start: number): number[] {
    const children: number[] = [];
    for (const at of cellPointers(page, start, 12)) {
      if (at + 4 > page.length) throw new SqliteError('a cell lies outside its page');
      children.push(page.readUInt32BE(at));
    }
    children.push(page.readUInt32BE(start + 8));
    return children;
  }

  *#leafCells(page: Buffer, start: number): Generator<Cell> {
    for (const at of cellPointers(page, start, 8)) {
      const size = readVarint(page, at);
      const rowid = readVarint(page, size.end);
      yield { rowid: rowid.value, payload: this.#payload(page, rowid.end, size.value) };
    }
  }

  /** Section 1.6: how much of a payload is in the cell, and how much on a chain of overflow pages. */
  #payload(page: Buffer, at: number, size: number): Buffer {
    if (size > this.#file.length) throw new SqliteError('a record is longer than the file');
    const most = this.#usable - 35;
    const least = Math.floor(((this.#usable - 12) * 32) / 255) - 23;
    const rest = least + ((size - least) % (this.#usable - 4));
    const local = size <= most ? size : rest <= most ? rest : least;
    if (at + local + (local < size ? 4 : 0) > page.length) throw new SqliteError('a record lies outside its page');
    const parts = [page.subarray(at, at + local)];
    let missing = size - local;
    let next = missing > 0 ? page.readUInt32BE(at + local) : 0;
    while (missing > 0) {
      const overflow = this.#page(next);
      const length = Math.min(missing, this.#usable - 4);
      parts.push(overflow.subarray(4, 4 + length));
      missing -= length;
      next = overflow.readUInt32BE(0);
    }
    return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts, size);
  }
}

function cellPointers(page: Buffer, start: number, headerBytes: number): number[] {
  const count = page.readUInt16BE(start + 3);
  const first = start + headerBytes;
  if (first + count * 2 > page.length) throw new SqliteError('a page has more cells than fit on it');
  return Array.from({ length: count }, (_, i) => page.readUInt16BE(first + i * 2));
}

/**
 * Section 1.6: seven bits a byte, most significant first, at most nine bytes. Numbers over 2^53 lose precision, and no
 * length or row id that matters is that large.
 */
export function readVarint(bytes: Buffer, at: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let i = 0; i < 9; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) throw new SqliteError('a number lies outside its page');
    if (i === 8) return { value: value * 256 + byte, end: at + 9 };
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return { value, end: at + i + 1 };
  }
  throw new SqliteError('a number has no end');
}
