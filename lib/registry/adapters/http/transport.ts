import { lookup as dnsLookup } from 'node:dns';
import type { IncomingHttpHeaders } from 'node:http';
import type { LookupFunction } from 'node:net';
import { isLadingError } from '../../../core/errors.ts';
import { registryError } from '../../errors.ts';
import { describeUrl, type OriginPolicy } from './origin-policy.ts';
import { type Body, sendBody } from './send-body.ts';
import type { Connection } from './wire/connection.ts';
import { type ResponseHead, writeHead } from './wire/head.ts';
import { createPool, type Pool } from './wire/pool.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** A stream needs a `content-length`. */
  readonly body?: Body;
  /** Pieces of the answer's body are only valid until the next is asked for: nothing is copied. @default false */
  readonly lend?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The bytes as they arrive. Whoever does not read it to the end calls `discard`. */
  readonly body: AsyncIterable<Uint8Array>;
  discard(): void;
}

/** Sends one request to one address. It neither follows nor repeats anything. */
export interface Transport {
  send(request: HttpRequest): Promise<HttpResponse>;
  close(): void;
}

export interface TransportOptions {
  /** Longest silence of the peer, in milliseconds. */
  readonly idleTimeoutMs?: number;
  /** Resolves names; the machine's resolver when absent. */
  readonly resolve?: typeof dnsLookup;
}

/**
 * HTTP/1.1 with connections that are kept. A name is resolved once per connection, every address that the policy does not
 * allow is dropped, and the socket is connected to what was checked: nothing resolves the name again.
 */
export function createTransport(policy: OriginPolicy, options: TransportOptions = {}): Transport {
  const { idleTimeoutMs = 60_000, resolve = dnsLookup } = options;
  const pool = createPool({
    lookup: pinnedLookup(policy, resolve),
    silenceMs: idleTimeoutMs,
    silent: (url) => registryError('registry-unavailable', `${describeUrl(url)} was silent for ${idleTimeoutMs} ms`),
  });
  return {
    send: (call) => send(call, pool),
    close: () => pool.close(),
  };
}

function pinnedLookup(policy: OriginPolicy, resolve: typeof dnsLookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 0);
      const allowed = addresses.filter(({ address }) => policy.isAllowedAddress(address));
      const [first] = allowed;
      if (first === undefined) {
        const why = `${hostname} resolves to ${addresses[0]?.address ?? 'nothing'}, which is private or reserved`;
        return callback(
          registryError('address-blocked', why, { hint: 'allowPrivate on the entry opens private addresses' }),
          '',
          0,
        );
      }
      if (options.all) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}

async function send(call: HttpRequest, pool: Pool): Promise<HttpResponse> {
  call.signal?.throwIfAborted();
  const head = open(call);
  for (;;) {
    const { connection, reused } = await pool.acquire(call.url);
    const before = connection.received;
    try {
      return await exchange(call, head, connection, () => pool.release(call.url, connection));
    } catch (error) {
      // The peer may close a connection at the moment in which it is used again; then it has not heard the request.
      const unheard = reused && connection.received === before && isIdempotent(call) && !call.signal?.aborted;
      if (!unheard || isLadingError(error)) throw toRegistryError(error, call);
    }
  }
}

/** What may be sent again as it is (RFC 9110, section 9.2.2). */
const isIdempotent = ({ method, body }: HttpRequest): boolean =>
  method !== 'POST' && method !== 'PATCH' && (body === undefined || body instanceof Uint8Array);

async function exchange(
  call: HttpRequest,
  head: Uint8Array,
  connection: Connection,
  release: () => void,
): Promise<HttpResponse> {
  const abort = (): void => connection.destroy(call.signal?.reason);
  call.signal?.addEventListener('abort', abort, { once: true });
  connection.begin(head, call.body !== undefined, () => {
    call.signal?.removeEventListener('abort', abort);
    release();
  });
  if (call.signal?.aborted) abort();
  try {
    return responseOf(call, await sendAndRead(call, connection), connection);
  } catch (error) {
    connection.destroy(error);
    throw error;
  }
}

/** A refusal may come before the body was sent: then the rest of it is not. */
async function sendAndRead(call: HttpRequest, connection: Connection): Promise<ResponseHead> {
  const state = { answered: false };
  const reading = connection.readHead().finally(() => {
    state.answered = true;
  });
  if (call.body === undefined) return reading;
  const sending = sendBody(connection, call.body, () => state.answered).catch((error: unknown) => {
    // Where the connection ended, the answer may have come before.
    if (!connection.isEnded) connection.destroy(error);
  });
  const [answer] = await Promise.all([reading, Promise.race([sending, reading])]);
  return answer;
}

function responseOf(call: HttpRequest, answer: ResponseHead, connection: Connection): HttpResponse {
  const { status, headers } = answer;
  const body = mapErrors(connection.readBody(call.method, answer), call);
  const length = call.method === 'HEAD' ? 0 : Number(headers['content-length'] ?? 0);
  const discard = (): void => void connection.discard(body, length);
  // An answer without a body that nobody reads keeps its connection from the next request.
  if (call.method === 'HEAD') discard();
  return { status, headers, body, discard };
}

async function* mapErrors(body: AsyncIterable<Uint8Array>, call: HttpRequest): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of body) yield call.lend ? piece : Buffer.from(piece);
  } catch (error) {
    throw toRegistryError(error, call);
  }
}

/** A header with a line break in it is refused; which one it was is not said, since it may be a password. */
function open(call: HttpRequest): Buffer {
  const length = call.body instanceof Uint8Array ? { 'content-length': String(call.body.length) } : {};
  try {
    return writeHead(call.method, call.url, { 'user-agent': 'lading', ...call.headers, ...length });
  } catch {
    const what = `${call.method} ${describeUrl(call.url)} was not sent: a header would hold what no header may`;
    throw registryError('registry-refused', what, { hint: 'a type or a secret has a line break in it' });
  }
}

function toRegistryError(error: unknown, call: HttpRequest): unknown {
  if (isLadingError(error)) return error;
  if (call.signal?.aborted) return call.signal.reason;
  const code = (error as { readonly code?: unknown } | null)?.code;
  const why = typeof code === 'string' ? code : error instanceof Error ? error.message : String(error);
  const certificate = /CERT|SELF_SIGNED|ALTNAME|UNABLE_TO_(?:VERIFY|GET_ISSUER)|ERR_TLS|ERR_SSL|WRONG_VERSION/.test(
    why,
  );
  return registryError('registry-unavailable', `${call.method} ${describeUrl(call.url)} failed: ${why.slice(0, 200)}`, {
    cause: error,
    retryable: !certificate && why !== 'ENOTFOUND',
  });
}
