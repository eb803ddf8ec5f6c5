import { createHash } from 'node:crypto';
import { describeError } from '../../core/errors.ts';
import { decompress } from '../../formats/compression/index.ts';
import { AdvisorySourceError } from '../errors.ts';
import type { AdvisorySource } from '../ports.ts';
import type { SourceSettings } from '../publishers.ts';

export interface HttpsSourceOptions extends SourceSettings {
  readonly timeoutMs?: number;
  /** The network, as a port; Node's own `fetch` in production. */
  readonly fetch: typeof fetch;
}

const MAX_REDIRECTS = 5;

/** One advisory file behind an https address, asked for on the condition that it changed (RFC 9110, section 13.1.2). */
export function httpsSource(options: HttpsSourceOptions): AdvisorySource {
  const { name, scope = 'complete' } = options;
  return {
    name,
    scope,
    async read(validator) {
      const response = await request(options, options.url, conditionOf(validator));
      if (response.status === 304) return { kind: 'unchanged' };
      if (!response.ok) {
        const problem = response.status >= 500 || response.status === 429 ? 'unreachable' : 'refused';
        throw new AdvisorySourceError(problem, `${options.url} answered with status ${response.status}`);
      }
      const bytes = await readBody(response, options);
      if (options.checksum) await verify(bytes, options.checksum, options);
      const now = validatorOf(response);
      return {
        kind: 'files',
        ...(now ? { validator: now } : {}),
        files: (async function* () {
          yield { path: new URL(options.url).pathname, bytes };
        })(),
      };
    },
  };
}

/** RFC 9110, section 8.8: the entity tag, or else the date, which is marked as one. */
const DATE = 'date ';

function validatorOf({ headers }: Response): string | undefined {
  const etag = headers.get('etag');
  if (etag) return etag;
  const date = headers.get('last-modified');
  return date ? DATE + date : undefined;
}

function conditionOf(validator: string | undefined): Record<string, string> {
  if (validator === undefined) return {};
  return validator.startsWith(DATE)
    ? { 'if-modified-since': validator.slice(DATE.length) }
    : { 'if-none-match': validator };
}

const MAX_CHECKSUM_BYTES = 64 * 1024;

/** A file that is not what its publisher says was damaged on the way, or is half of an update: the next try may be good. */
async function verify(
  bytes: Uint8Array,
  { url, of }: NonNullable<SourceSettings['checksum']>,
  options: HttpsSourceOptions,
): Promise<void> {
  const response = await request({ ...options, hosts: [...hostsOf(options), new URL(url).host] }, url, {});
  if (!response.ok) throw new AdvisorySourceError('unreachable', `${url} answered with status ${response.status}`);
  const text = Buffer.from(await readBody(response, { ...options, url, maxBytes: MAX_CHECKSUM_BYTES })).toString(
    'latin1',
  );
  const wanted = /\b[0-9a-f]{64}\b/i.exec(text)?.[0].toLowerCase();
  if (wanted === undefined) throw new AdvisorySourceError('broken', `${url} names no SHA-256`);
  const hash = createHash('sha256');
  if (of === 'file') hash.update(bytes);
  else for await (const part of decompress(only(bytes))) hash.update(part);
  if (hash.digest('hex') !== wanted) {
    throw new AdvisorySourceError('broken', `${options.url} does not have the checksum that ${url} names`);
  }
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Follows redirects by hand, since each target is the server's word: https and an allowed host, or not at all. */
async function request(
  options: HttpsSourceOptions,
  address: string,
  headers: Readonly<Record<string, string>>,
): Promise<Response> {
  let url = allowed(address, options);
  const signal = AbortSignal.timeout(options.timeoutMs ?? 120_000);
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const response = await reach(url.href, () => options.fetch(url, { headers, redirect: 'manual', signal }));
    const location = response.headers.get('location');
    if (![301, 302, 303, 307, 308].includes(response.status) || !location) return response;
    await response.body?.cancel();
    url = allowed(new URL(location, url).href, options);
  }
  throw new AdvisorySourceError('refused', `${address} redirects over ${MAX_REDIRECTS} times`);
}

/** The address's own, and those that the configuration adds. */
const hostsOf = ({ url, hosts = [] }: HttpsSourceOptions): readonly string[] => [new URL(url).host, ...hosts];

function allowed(text: string, options: HttpsSourceOptions): URL {
  const url = new URL(text);
  const hosts = hostsOf(options);
  if (url.protocol !== 'https:') throw new AdvisorySourceError('refused', `${text} is not an https address`);
  if (!hosts.includes(url.host)) throw new AdvisorySourceError('refused', `the host ${url.host} is not allowed`);
  if (url.username || url.password) throw new AdvisorySourceError('refused', 'an address carries credentials');
  return url;
}

async function readBody(response: Response, options: HttpsSourceOptions): Promise<Uint8Array> {
  const most = options.maxBytes ?? 256 * 1024 * 1024;
  const chunks: Uint8Array[] = [];
  let size = 0;
  await reach(options.url, async () => {
    for await (const chunk of response.body ?? []) {
      size += chunk.length;
      if (size > most) throw new AdvisorySourceError('too-large', `${options.url} sends over ${most} bytes`);
      chunks.push(chunk);
    }
  });
  // fetch undoes a content-encoding, and the declared length is that of what was sent.
  const declared = response.headers.get('content-encoding') ? null : response.headers.get('content-length');
  if (declared !== null && Number(declared) !== size) {
    throw new AdvisorySourceError('broken', `${options.url} sent ${size} of ${declared} bytes`);
  }
  return Buffer.concat(chunks);
}

async function reach<T>(url: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof AdvisorySourceError) throw cause;
    throw new AdvisorySourceError('unreachable', `${url}: ${describeError(cause)}`, cause);
  }
}
