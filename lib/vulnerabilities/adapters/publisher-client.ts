import { createHash } from 'node:crypto';
import { describeError } from '../../core/errors.ts';
import { decompress } from '../../formats/compression/index.ts';
import { AdvisorySourceError } from '../errors.ts';
import type { Checksum, SourceSettings } from '../publishers.ts';

export interface PublisherOptions extends SourceSettings {
  /** Of one request with its answer. Default two minutes. */
  readonly timeoutMs?: number;
  /** The network, as a port; Node's own `fetch` in production. */
  readonly fetch: typeof fetch;
}

/** What adapters of publishers share: https to allowed hosts, caps, checksums, and an account of what was fetched. */
export interface PublisherClient {
  /** Follows redirects. @throws AdvisorySourceError `refused` or `unreachable` */
  ask(url: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
  /** The whole body. @throws AdvisorySourceError `too-large`, `broken` (shorter than declared), `unreachable` */
  body(response: Response, url: string, maxBytes?: number): Promise<Uint8Array>;
  /** The lines of a body; whoever stops reading ends the transfer. @throws as `body` */
  lines(response: Response, url: string, maxBytes: number): AsyncGenerator<string>;
  /** `ask` and `body` of what has to be there. @throws AdvisorySourceError */
  file(url: string, maxBytes?: number): Promise<Uint8Array>;
  /** @throws AdvisorySourceError `broken` where the file is not what its publisher says it is */
  verify(bytes: Uint8Array, url: string, checksum: Checksum): Promise<void>;
  /** The same where the digest (hexadecimal SHA-256 or SHA-512 of the file as sent) is known. */
  verifyDigest(bytes: Uint8Array, url: string, wanted: string): Promise<void>;
  /** Bytes of bodies so far, as they were sent but for a content encoding. */
  fetched(): number;
}

const MAX_REDIRECTS = 5;
const MAX_CHECKSUM_BYTES = 256 * 1024;
const DEFAULT_MAX_BYTES = 256 * 1024 * 1024;

export function publisherClient(options: PublisherOptions): PublisherClient {
  let fetched = 0;
  /** The address's own host, and those that the configuration adds. */
  const hosts = new Set([
    ...[options.url, options.checksum?.url].flatMap((url) => (url === undefined ? [] : new URL(url).host)),
    ...(options.hosts ?? []),
  ]);
  const allowed = (text: string): URL => {
    const url = new URL(text);
    if (url.protocol !== 'https:') throw new AdvisorySourceError('refused', `${text} is not an https address`);
    if (!hosts.has(url.host)) throw new AdvisorySourceError('refused', `the host ${url.host} is not allowed`);
    if (url.username || url.password) throw new AdvisorySourceError('refused', 'an address carries credentials');
    return url;
  };
  /** Follows redirects by hand, since each target is the server's word: https and an allowed host, or not at all. */
  const ask: PublisherClient['ask'] = async (address, headers = {}) => {
    let url = allowed(address);
    const signal = AbortSignal.timeout(options.timeoutMs ?? 120_000);
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      const response = await reach(url.href, () => options.fetch(url, { headers, redirect: 'manual', signal }));
      const location = response.headers.get('location');
      if (![301, 302, 303, 307, 308].includes(response.status) || !location) return response;
      await response.body?.cancel();
      url = allowed(new URL(location, url).href);
    }
    throw new AdvisorySourceError('refused', `${address} redirects over ${MAX_REDIRECTS} times`);
  };
  async function* chunks(response: Response, url: string, maxBytes: number): AsyncGenerator<Uint8Array> {
    let size = 0;
    const reader = (response.body ?? new Blob([]).stream()).getReader();
    try {
      for (;;) {
        const next = await reach(url, () => reader.read());
        if (next.done) break;
        size += next.value.length;
        fetched += next.value.length;
        if (size > maxBytes) throw new AdvisorySourceError('too-large', `${url} sends over ${maxBytes} bytes`);
        yield next.value;
      }
      // fetch undoes a content-encoding, and the declared length is that of what was sent.
      const declared = response.headers.get('content-encoding') ? null : response.headers.get('content-length');
      if (declared !== null && Number(declared) !== size) {
        throw new AdvisorySourceError('broken', `${url} sent ${size} of ${declared} bytes`);
      }
    } finally {
      await reader.cancel().catch(() => undefined);
    }
  }
  const body: PublisherClient['body'] = async (response, url, maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES) => {
    const parts: Uint8Array[] = [];
    for await (const part of chunks(response, url, maxBytes)) parts.push(part);
    return Buffer.concat(parts);
  };
  const file: PublisherClient['file'] = async (url, maxBytes) => body(expectOk(await ask(url), url), url, maxBytes);
  return {
    ...{ ask, body, file },
    verifyDigest: (bytes, url, wanted) => compareDigest(bytes, url, { wanted, of: 'file', from: 'its publisher' }),
    lines: (response, url, maxBytes) => linesOf(chunks(response, url, maxBytes), url),
    verify: async (bytes, url, checksum) => verify(bytes, url, checksum, await file(checksum.url, MAX_CHECKSUM_BYTES)),
    fetched: () => fetched,
  };
}

/** @throws AdvisorySourceError `unreachable` where the server is in trouble, else `refused` */
export function expectOk(response: Response, url: string): Response {
  if (response.ok) return response;
  const problem = response.status >= 500 || response.status === 429 ? 'unreachable' : 'refused';
  throw new AdvisorySourceError(problem, `${url} answered with status ${response.status}`);
}

async function verify(bytes: Uint8Array, url: string, { url: from, of }: Checksum, said: Uint8Array): Promise<void> {
  const text = Buffer.from(said).toString('latin1');
  const name = url.slice(url.lastIndexOf('/') + 1);
  // A list of many names each file after its digest.
  const line = text.split('\n').find((one) => one.trimEnd().endsWith(name)) ?? text;
  const wanted = /\b(?:[0-9a-f]{128}|[0-9a-f]{64})\b/i.exec(line)?.[0].toLowerCase();
  if (wanted === undefined) throw new AdvisorySourceError('broken', `${from} names no SHA-256 and no SHA-512`);
  await compareDigest(bytes, url, { wanted, of, from });
}

/** A file that is not what its publisher says was damaged on the way, or is half of an update: the next try may be good. */
async function compareDigest(
  bytes: Uint8Array,
  url: string,
  { wanted, of, from }: { readonly wanted: string; readonly of: Checksum['of']; readonly from: string },
): Promise<void> {
  const hash = createHash(wanted.length === 64 ? 'sha256' : 'sha512');
  if (of === 'file') hash.update(bytes);
  else for await (const part of decompress(only(bytes))) hash.update(part);
  if (hash.digest('hex') !== wanted) {
    throw new AdvisorySourceError('broken', `${url} does not have the checksum that ${from} names`);
  }
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

const MAX_LINE = 64 * 1024;

async function* linesOf(chunks: AsyncIterable<Uint8Array>, url: string): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    if (rest.length > MAX_LINE) throw new AdvisorySourceError('too-large', `${url} has a line of over ${MAX_LINE}`);
    for (const line of parts) yield line.replace(/\r$/, '');
  }
  if (rest !== '') yield rest;
}

async function reach<T>(url: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof AdvisorySourceError) throw cause;
    throw new AdvisorySourceError('unreachable', `${url}: ${describeError(cause)}`, cause);
  }
}

/** RFC 9110, section 8.8: the entity tag, or else the date, which is marked as one. */
const DATE = 'date ';

export function validatorOf({ headers }: Response): string | undefined {
  const etag = headers.get('etag');
  if (etag) return etag;
  const date = headers.get('last-modified');
  return date ? DATE + date : undefined;
}

/** Asks for it on the condition that it changed (RFC 9110, section 13.1.2). */
export function conditionOf(validator: string | undefined): Record<string, string> {
  if (validator === undefined) return {};
  return validator.startsWith(DATE)
    ? { 'if-modified-since': validator.slice(DATE.length) }
    : { 'if-none-match': validator };
}
