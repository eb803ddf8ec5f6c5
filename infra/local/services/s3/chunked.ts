import { S3Error } from './errors.ts';

/**
 * The `aws-chunked` content coding (S3 API reference, "Signature calculations … transferring payload in multiple
 * chunks", with and without trailing headers): `size[;chunk-signature=…] CRLF data CRLF … 0 CRLF [trailers] CRLF`.
 * Chunk signatures are read over: who calls was settled by the signature of the request.
 */
export interface DecodedBody {
  /** The bytes of the object. Trailers are complete when this has ended. */
  readonly data: AsyncIterable<Uint8Array>;
  /** Trailing headers, with lower-case names. */
  readonly trailers: ReadonlyMap<string, string>;
}

const MAX_LINE = 1024;
const MAX_TRAILERS = 16;
const SIZE_LINE = /^([0-9a-fA-F]{1,13})(?:;[^\r\n]*)?$/;

const incomplete = (why: string): S3Error =>
  new S3Error(400, 'IncompleteBody', `The request body is not whole aws-chunked content: ${why}`);

export function decodeChunked(body: AsyncIterable<Uint8Array>): DecodedBody {
  const trailers = new Map<string, string>();
  return { data: decode(body, trailers), trailers };
}

async function* decode(body: AsyncIterable<Uint8Array>, trailers: Map<string, string>): AsyncGenerator<Uint8Array> {
  const input = new Input(body);
  for (;;) {
    const header = await input.line();
    const size = header === undefined ? undefined : SIZE_LINE.exec(header)?.[1];
    if (size === undefined) throw incomplete('a chunk has no size');
    const length = Number.parseInt(size, 16);
    if (length === 0) break;
    for (let left = length; left > 0; ) {
      const piece = await input.take(left);
      if (piece === undefined) throw incomplete('a chunk ends early');
      left -= piece.length;
      yield piece;
    }
    if ((await input.line()) !== '') throw incomplete('a chunk is longer than its size');
  }
  // Clients differ in whether an empty line ends a body without trailers.
  for (let line = await input.line(); line !== undefined && line !== ''; line = await input.line()) {
    const colon = line.indexOf(':');
    if (colon < 1 || trailers.size === MAX_TRAILERS) {
      throw new S3Error(400, 'MalformedTrailerError', 'The request contained trailing data that was not well-formed.');
    }
    trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  // The signature of the trailers ends some bodies; anything else after the end is not ours to guess at.
  if ((await input.take(1)) !== undefined) throw incomplete('there is data behind its end');
}

/** Bytes pulled from a stream by line or by count. */
class Input {
  readonly #source: AsyncIterator<Uint8Array>;
  #buffer: Uint8Array = new Uint8Array(0);
  #at = 0;
  #ended = false;

  constructor(body: AsyncIterable<Uint8Array>) {
    this.#source = body[Symbol.asyncIterator]();
  }

  async #fill(): Promise<boolean> {
    while (this.#at === this.#buffer.length) {
      if (this.#ended) return false;
      const next = await this.#source.next();
      if (next.done) {
        this.#ended = true;
        return false;
      }
      this.#buffer = next.value;
      this.#at = 0;
    }
    return true;
  }

  /** Up to `limit` bytes, or `undefined` at the end. */
  async take(limit: number): Promise<Uint8Array | undefined> {
    if (!(await this.#fill())) return undefined;
    const piece = this.#buffer.subarray(this.#at, this.#at + limit);
    this.#at += piece.length;
    return piece;
  }

  /** The text up to the next CRLF, or `undefined` at the end. A line without its CRLF is no line. */
  async line(): Promise<string | undefined> {
    let text = '';
    while (await this.#fill()) {
      const newline = this.#buffer.indexOf(0x0a, this.#at);
      const end = newline < 0 ? this.#buffer.length : newline + 1;
      text += Buffer.from(this.#buffer.buffer, this.#buffer.byteOffset + this.#at, end - this.#at).toString('latin1');
      this.#at = end;
      if (text.length > MAX_LINE) throw incomplete('a line is too long');
      if (newline < 0) continue;
      if (!text.endsWith('\r\n')) throw incomplete('a line does not end with CR LF');
      return text.slice(0, -2);
    }
    if (text !== '') throw incomplete('a line ends early');
    return undefined;
  }
}
