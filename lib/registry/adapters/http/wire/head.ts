import type { IncomingHttpHeaders } from 'node:http';
import { registryError } from '../../../errors.ts';

/** The first part of an answer: RFC 9112, sections 4 and 5. */
export interface ResponseHead {
  readonly status: number;
  /** HTTP/1.0 ends its connections unless told otherwise, and knows no chunks. */
  readonly minor: 0 | 1;
  readonly headers: IncomingHttpHeaders;
}

/** Bytes of status line and headers together, as much as Node's own client takes. */
export const MAX_HEAD_BYTES = 16 * 1024;
const MAX_FIELDS = 200;

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9110, section 5.5: visible characters, spaces, tabs and bytes over 0x7f. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** Of these a second is not appended: a list of them has no meaning. Lengths and codings are not given twice at all. */
const SINGLE: ReadonlySet<string> = new Set(['content-type', 'etag', 'last-modified', 'location', 'retry-after']);
const NEVER_TWICE: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding']);

const malformed = (what: string) => registryError('registry-protocol', `the answer is no HTTP/1.1: ${what}`);

/**
 * Reads the head of an answer, without the empty line that ends it. Strict where leniency lets two readers see two
 * different answers (RFC 9112, section 11): lines end in CR LF, none is folded, no name is followed by a space.
 *
 * @throws LadingError `registry-protocol`
 */
export function parseHead(bytes: Uint8Array): ResponseHead {
  if (bytes.length > MAX_HEAD_BYTES) throw malformed(`its head is over ${MAX_HEAD_BYTES} bytes`);
  const [first = '', ...lines] = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    .toString('latin1')
    .split('\r\n');
  const status = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/.exec(first);
  if (status === null) throw malformed('it has no status line');
  if (lines.length > MAX_FIELDS) throw malformed(`it has over ${MAX_FIELDS} headers`);
  const headers = Object.create(null) as Record<string, string>;
  for (const line of lines) addField(headers, line);
  return { status: Number(status[2]), minor: status[1] === '0' ? 0 : 1, headers };
}

function addField(headers: Record<string, string>, line: string): void {
  const colon = line.indexOf(':');
  const name = line.slice(0, Math.max(0, colon)).toLowerCase();
  const value = line.slice(colon + 1).replace(/^[\t ]+|[\t ]+$/g, '');
  if (!TOKEN.test(name) || !VALUE.test(value)) throw malformed('a header is malformed');
  const before = headers[name];
  if (before === undefined) headers[name] = value;
  else if (NEVER_TWICE.has(name)) throw malformed(`it has two headers "${name}"`);
  else if (!SINGLE.has(name)) headers[name] = `${before}, ${value}`;
}

/**
 * The head of a request.
 *
 * @throws TypeError where a header would hold what no header may
 */
export function writeHead(method: string, url: URL, headers: Readonly<Record<string, string>>): Buffer {
  const target = `${url.pathname}${url.search}`;
  if (!/^[\x21-\x7e]+$/.test(target)) throw new TypeError('a path is not printable');
  const fields = Object.entries({ host: url.host, connection: 'keep-alive', ...headers });
  for (const [name, value] of fields) {
    if (!TOKEN.test(name) || !VALUE.test(value)) throw new TypeError('a header is malformed');
  }
  const lines = [`${method} ${target} HTTP/1.1`, ...fields.map(([name, value]) => `${name}: ${value}`), '', ''];
  return Buffer.from(lines.join('\r\n'), 'latin1');
}
