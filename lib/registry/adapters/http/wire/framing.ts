import { registryError } from '../../../errors.ts';
import type { ResponseHead } from './head.ts';

/** Cuts a body out of the bytes of a connection. */
export interface Framing {
  /** Takes bytes in as they came, and gives the parts of them that are content; the rest is `surplus`. */
  feed(bytes: Uint8Array): readonly Uint8Array[];
  readonly done: boolean;
  /** Bytes that are sure to come, so that it can be waited for many of them at once. At least one. */
  readonly atLeast: number;
  /** Bytes after the end: an answer that nobody asked for. */
  readonly surplus: boolean;
  /** The connection ended. True where that is how the body ends. */
  readonly endsWithConnection: boolean;
}

const malformed = (what: string) => registryError('registry-protocol', `the body of the answer is malformed: ${what}`);

/**
 * How long the body is: RFC 9112, section 6.3. An answer with both a length and chunks is refused, for whoever stands
 * between may have read the other.
 *
 * @throws LadingError `registry-protocol`
 */
export function framingOf(method: string, { status, minor, headers }: ResponseHead): Framing {
  const coding = headers['transfer-encoding'];
  const length = headers['content-length'];
  if (coding !== undefined && length !== undefined) throw malformed('it has a length and a transfer coding');
  if (length !== undefined && !/^\d{1,15}$/.test(length)) throw malformed('its length is no number');
  if (coding !== undefined && (coding.toLowerCase() !== 'chunked' || minor === 0)) {
    throw malformed('it has a transfer coding that was not asked for');
  }
  if (method === 'HEAD' || status === 204 || status === 304) return new KnownLength(0);
  if (coding !== undefined) return new Chunked();
  return length === undefined ? new UntilClose() : new KnownLength(Number(length));
}

class KnownLength implements Framing {
  readonly endsWithConnection = false;
  surplus = false;
  #left: number;

  constructor(length: number) {
    this.#left = length;
  }

  get done(): boolean {
    return this.#left === 0;
  }

  get atLeast(): number {
    return this.#left;
  }

  feed(bytes: Uint8Array): readonly Uint8Array[] {
    const content = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes;
    this.surplus ||= content.length < bytes.length;
    this.#left -= content.length;
    return content.length === 0 ? [] : [content];
  }
}

class UntilClose implements Framing {
  readonly endsWithConnection = true;
  readonly done = false;
  readonly atLeast = 1;
  readonly surplus = false;

  feed(bytes: Uint8Array): readonly Uint8Array[] {
    return [bytes];
  }
}

/** Bytes of a line with the size of a chunk; extensions are read over. */
const MAX_LINE_BYTES = 1024;
/** Bytes of the lines after the last chunk. */
const MAX_TRAILER_BYTES = 16 * 1024;
const [CR, LF] = [0x0d, 0x0a];

/** RFC 9112, section 7.1: chunks, each with its size in hexadecimal before it; trailers are read over. */
class Chunked implements Framing {
  readonly endsWithConnection = false;
  readonly atLeast = 1;
  surplus = false;
  #state: 'size' | 'data' | 'data-end' | 'trailer' | 'done' = 'size';
  #line = '';
  #left = 0;
  #trailer = 0;

  get done(): boolean {
    return this.#state === 'done';
  }

  feed(bytes: Uint8Array): readonly Uint8Array[] {
    const content: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; ) {
      if (this.#state === 'done') {
        this.surplus = true;
        break;
      }
      if (this.#state === 'data') {
        const piece = bytes.subarray(at, at + this.#left);
        content.push(piece);
        at += piece.length;
        this.#left -= piece.length;
        if (this.#left === 0) this.#state = 'data-end';
      } else at = this.#takeLine(bytes, at);
    }
    return content;
  }

  #takeLine(bytes: Uint8Array, from: number): number {
    const end = bytes.indexOf(LF, from);
    const part = bytes.subarray(from, end < 0 ? bytes.length : end + 1);
    if (this.#line.length + part.length > MAX_LINE_BYTES) throw malformed('a line between chunks is too long');
    this.#line += Buffer.from(part).toString('latin1');
    if (end >= 0) {
      const line = this.#line;
      this.#line = '';
      if (line.charCodeAt(line.length - 2) !== CR) throw malformed('a line between chunks has no end');
      this.#onLine(line.slice(0, -2));
    }
    return from + part.length;
  }

  #onLine(line: string): void {
    switch (this.#state) {
      case 'size': {
        const size = /^([0-9a-f]{1,12})(?:[\t ]*;[\t\x20-\x7e\x80-\xff]*)?$/i.exec(line)?.[1];
        if (size === undefined) throw malformed('a chunk has no size');
        this.#left = Number.parseInt(size, 16);
        this.#state = this.#left === 0 ? 'trailer' : 'data';
        return;
      }
      case 'data-end':
        if (line !== '') throw malformed('a chunk is longer than its size');
        this.#state = 'size';
        return;
      case 'trailer':
        this.#trailer += line.length;
        if (this.#trailer > MAX_TRAILER_BYTES) throw malformed('its trailer is too long');
        if (line === '') this.#state = 'done';
        return;
      case 'data':
      case 'done':
        return;
    }
  }
}
