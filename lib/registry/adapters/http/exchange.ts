import type { Clock } from '../../../core/clock.ts';
import { RegistryBusyError, registryError } from '../../errors.ts';
import { headerOf, readReason, refusal } from './answers.ts';
import type { Authenticator } from './authenticator.ts';
import { describeUrl, type OriginPolicy } from './origin-policy.ts';
import type { Pacer } from './pacer.ts';
import { parseRetryAfter, type RetryOptions, withRetries } from './retry.ts';
import type { Body } from './send-body.ts';
import type { HttpRequest, HttpResponse, Transport } from './transport.ts';

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

export interface ExchangeRequest {
  readonly method: HttpRequest['method'];
  /** Path and query on the registry, or a location that it gave. */
  readonly at: string | URL;
  /** For messages: "the blob sha256:…". */
  readonly what: string;
  readonly scopes: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** A function makes the body of one attempt; a bare stream can be sent once, so the request is never repeated. */
  readonly body?: Body | (() => Body);
  readonly lend?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A request to the registry with everything that HTTP asks for around it. */
export interface Exchange {
  /**
   * Authenticates, follows redirects of reads, repeats what may be repeated. Answers of 401, 403, 429 and 5xx are
   * errors; the rest is the caller's to judge.
   *
   * @throws LadingError `registry-denied`, `registry-unavailable`, `registry-protocol`, `address-blocked`
   */
  send(request: ExchangeRequest): Promise<HttpResponse & { readonly url: URL }>;
  readonly policy: OriginPolicy;
}

export interface ExchangeOptions {
  readonly policy: OriginPolicy;
  readonly transport: Transport;
  readonly authenticator: Authenticator;
  readonly clock: Clock;
  readonly retry?: RetryOptions;
  readonly pacer?: Pacer | undefined;
  /** Sees the answers of the registry itself. */
  readonly observe?: ((response: HttpResponse) => void) | undefined;
}

export function createExchange(options: ExchangeOptions): Exchange {
  return {
    policy: options.policy,
    send: (request) => {
      const once = isOneShot(request.body);
      return withRetries(() => attempt(options, request), request.signal, once ? { attempts: 1 } : options.retry);
    },
  };
}

const isOneShot = (body: ExchangeRequest['body']): boolean =>
  body !== undefined && typeof body !== 'function' && !(body instanceof Uint8Array);

async function attempt(options: ExchangeOptions, request: ExchangeRequest): Promise<Answer> {
  const first = await follow(options, request);
  const challenge = headerOf(first, 'www-authenticate');
  const mayRepeat = first.status === 401 && first.trusted && !isOneShot(request.body);
  if (!mayRepeat || challenge === undefined) return judge(options, request, first);
  const learned = await options.authenticator.learn(challenge, request.scopes, first.authorization);
  if (!learned) return judge(options, request, first);
  first.discard();
  return judge(options, request, await follow(options, request));
}

interface Answer extends HttpResponse {
  readonly url: URL;
  /** False once a redirect has led away from the registry: what such an answer asks for is not heeded. */
  readonly trusted: boolean;
  /** What was sent, to be told from what is known by now. */
  readonly authorization: string | undefined;
}

/**
 * Follows redirects of GET and HEAD by hand. Credentials go to the registry's own origin only, and once a redirect has
 * left it they are gone for good: whoever is in between must not steer an authenticated request.
 */
async function follow(
  { policy, transport, authenticator, pacer, observe }: ExchangeOptions,
  request: ExchangeRequest,
): Promise<Answer> {
  let url = typeof request.at === 'string' ? new URL(request.at, policy.base) : request.at;
  let trusted = true;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    policy.check(url, hop === 0 ? request.what : `the redirect of ${request.what} to`);
    trusted &&= url.origin === policy.base.origin;
    const authorization = trusted ? await authenticator.authorize(request.scopes, request.signal) : undefined;
    const body = typeof request.body === 'function' ? request.body() : request.body;
    if (trusted) await pacer?.before({ method: request.method, path: url.pathname }, request.signal);
    const response = await transport.send({
      method: request.method,
      url,
      headers: { 'accept-encoding': 'identity', ...request.headers, ...(authorization ? { authorization } : {}) },
      ...(body === undefined ? {} : { body }),
      lend: request.lend,
      signal: request.signal,
    });
    if (trusted) {
      pacer?.after({ method: request.method, path: url.pathname }, response.status);
      observe?.(response);
    }
    const location = REDIRECTS.has(response.status) ? headerOf(response, 'location') : undefined;
    if (location === undefined) return { ...response, url, trusted, authorization };
    response.discard();
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      throw registryError('registry-protocol', `${request.method} of ${request.what} was redirected`, {
        hint: 'name the registry by the host and scheme at which it takes writes',
      });
    }
    url = resolveLocation(location, url, request.what);
  }
  throw registryError('registry-protocol', `${request.what} was redirected more than ${MAX_REDIRECTS} times`);
}

export function resolveLocation(location: string, base: URL, what: string): URL {
  if (location.length <= 16_384 && URL.canParse(location, base.href)) return new URL(location, base);
  throw registryError('registry-protocol', `the location of ${what} is not a URL`);
}

async function judge<R extends Answer>({ clock }: ExchangeOptions, request: ExchangeRequest, response: R): Promise<R> {
  const { status, url } = response;
  if (status === 401 || status === 403) {
    const error = await refusal(response, `${request.method} of ${request.what} at ${url.host}`, 'registry-denied');
    throw error;
  }
  if (status === 429 || status >= 500) {
    const after = parseRetryAfter(headerOf(response, 'retry-after'), clock.now());
    const { text } = await readReason(response);
    throw new RegistryBusyError(`${request.method} ${describeUrl(url)}: status ${status} (${text})`, after);
  }
  const encoding = headerOf(response, 'content-encoding');
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity' && request.method !== 'HEAD') {
    response.discard();
    throw registryError(
      'registry-protocol',
      `${request.what} was answered with the encoding "${encoding.slice(0, 40)}"`,
    );
  }
  return response;
}
