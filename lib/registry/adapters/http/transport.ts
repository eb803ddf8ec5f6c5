import { lookup as dnsLookup } from 'node:dns';
import type { Agent, ClientRequest, IncomingHttpHeaders, IncomingMessage, RequestOptions } from 'node:http';
import type { LookupFunction } from 'node:net';
import { isLadingError } from '../../../core/errors.ts';
import { registryError } from '../../errors.ts';
import { describeUrl, type OriginPolicy } from './origin-policy.ts';
import { type Body, sendBody } from './send-body.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Body;
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
 * Requests over node's own client with keep-alive. A name is resolved once per connection, every address that the
 * policy does not allow is dropped, and the socket is connected to what was checked: nothing resolves the name again.
 */
export function createTransport(policy: OriginPolicy, options: TransportOptions = {}): Transport {
  const { idleTimeoutMs = 60_000, resolve = dnsLookup } = options;
  const agentOptions = {
    keepAlive: true,
    keepAliveMsecs: 30_000,
    maxSockets: 32,
    maxFreeSockets: 8,
    lookup: pinnedLookup(policy, resolve),
  };
  const clients = new Map<string, Client>();
  const clientOf = ({ protocol }: URL): Client => {
    const client = clients.get(protocol) ?? openClient(protocol, agentOptions);
    clients.set(protocol, client);
    return client;
  };
  return {
    send: (call) => send(call, clientOf(call.url), idleTimeoutMs),
    close: () => {
      for (const { agent } of clients.values()) agent.destroy();
    },
  };
}

interface Client {
  readonly request: typeof import('node:http').request;
  readonly agent: Agent;
}

/**
 * Node's modules are fetched when they are needed, and not by `import`: that would read every export of `node:http`, and
 * some of those load a second HTTP client, which takes longer than the manifest of an image from near by.
 */
function openClient(protocol: string, options: ConstructorParameters<typeof Agent>[0]): Client {
  const module = process.getBuiltinModule(protocol === 'https:' ? 'node:https' : 'node:http');
  return { request: module.request, agent: new module.Agent(options) };
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

function send(call: HttpRequest, { request, agent }: Client, idleTimeoutMs: number): Promise<HttpResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>();
  const options: RequestOptions = { method: call.method, headers: { 'user-agent': 'lading', ...call.headers }, agent };
  if (call.signal !== undefined) options.signal = call.signal;
  call.signal?.throwIfAborted();
  const outgoing = open(call, () => request(call.url, options));
  const watchdog = watchSilence(idleTimeoutMs, () => {
    outgoing.destroy(
      registryError('registry-unavailable', `${describeUrl(call.url)} was silent for ${idleTimeoutMs} ms`),
    );
  });
  outgoing.once('close', watchdog.clear);
  outgoing.once('error', (error) => {
    watchdog.clear();
    reject(toRegistryError(error, call));
  });
  outgoing.once('response', (incoming) => {
    watchdog.touch();
    // An answer that nobody reads keeps its connection from the next request.
    if (call.method === 'HEAD') incoming.resume();
    resolve({
      status: incoming.statusCode ?? 0,
      headers: incoming.headers,
      body: bodyOf(incoming, call, watchdog.touch),
      discard: () => discard(incoming),
    });
  });
  sendBody(outgoing, call.body, watchdog.touch).catch((error: unknown) => {
    outgoing.destroy(error instanceof Error ? error : new Error(String(error)));
    reject(error);
  });
  return promise;
}

/** Node refuses a header with a line break in it; which one it was is not said, since it may be a password. */
function open(call: HttpRequest, begin: () => ClientRequest): ClientRequest {
  try {
    return begin();
  } catch {
    const what = `${call.method} ${describeUrl(call.url)} was not sent: a header would hold what no header may`;
    throw registryError('registry-refused', what, { hint: 'a type or a secret has a line break in it' });
  }
}

/** Calls back after a silence of `ms`. A touch is one store: there may be thousands a second. */
function watchSilence(ms: number, onSilence: () => void): { touch(): void; clear(): void } {
  let touched = performance.now();
  const look = (): void => {
    const left = touched + ms - performance.now();
    if (left <= 0) onSilence();
    else timer = setTimeout(look, left);
  };
  let timer = setTimeout(look, ms);
  return {
    touch: () => {
      touched = performance.now();
    },
    clear: () => clearTimeout(timer),
  };
}

async function* bodyOf(incoming: IncomingMessage, call: HttpRequest, touch: () => void): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of incoming) {
      touch();
      yield chunk as Uint8Array;
    }
  } catch (error) {
    throw toRegistryError(error, call);
  }
}

/** Reads a short rest so that the connection can be used again; anything longer is cut off. */
function discard(incoming: IncomingMessage): void {
  let left = 64 * 1024;
  incoming.on('error', () => {});
  incoming.on('data', (chunk: Uint8Array) => {
    left -= chunk.length;
    if (left < 0) incoming.destroy();
  });
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
