import { describeError } from '../../core/errors.ts';
import { AdvisorySourceError } from '../errors.ts';
import type { SourceScope } from '../model.ts';
import type { AdvisorySource } from '../ports.ts';

export interface HttpsSourceOptions {
  readonly name: string;
  readonly url: string;
  /** Hosts that may be asked, redirects included; by default the url's own only. */
  readonly hosts?: readonly string[];
  readonly scope?: SourceScope;
  readonly maxBytes?: number;
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
      const response = await request(options, validator);
      if (response.status === 304) return { kind: 'unchanged' };
      if (!response.ok) {
        const problem = response.status >= 500 || response.status === 429 ? 'unreachable' : 'refused';
        throw new AdvisorySourceError(problem, `${options.url} answered with status ${response.status}`);
      }
      const bytes = await readBody(response, options);
      const etag = response.headers.get('etag') ?? undefined;
      return {
        kind: 'files',
        ...(etag ? { validator: etag } : {}),
        files: (async function* () {
          yield { path: new URL(options.url).pathname, bytes };
        })(),
      };
    },
  };
}

/** Follows redirects by hand, since each target is the server's word: https and an allowed host, or not at all. */
async function request(options: HttpsSourceOptions, validator: string | undefined): Promise<Response> {
  let url = allowed(options.url, options);
  const signal = AbortSignal.timeout(options.timeoutMs ?? 120_000);
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const headers = validator ? { 'if-none-match': validator } : {};
    const response = await reach(url.href, () => options.fetch(url, { headers, redirect: 'manual', signal }));
    const location = response.headers.get('location');
    if (![301, 302, 303, 307, 308].includes(response.status) || !location) return response;
    await response.body?.cancel();
    url = allowed(new URL(location, url).href, options);
  }
  throw new AdvisorySourceError('refused', `${options.url} redirects over ${MAX_REDIRECTS} times`);
}

function allowed(text: string, options: HttpsSourceOptions): URL {
  const url = new URL(text);
  const hosts = options.hosts ?? [new URL(options.url).host];
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
