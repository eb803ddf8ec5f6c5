import { z } from 'zod';
import type { Clock } from '../../../core/clock.ts';
import { isLadingError } from '../../../core/errors.ts';
import { registryError } from '../../errors.ts';
import type { RegistryCredentials } from '../../ports.ts';
import { readJson, refusal } from './answers.ts';
import { startDeadline } from './deadline.ts';
import type { OriginPolicy } from './origin-policy.ts';
import { type Challenge, parseChallenges } from './parse-challenge.ts';
import type { HttpRequest, Transport } from './transport.ts';

/** Knows what to put into the `Authorization` header of requests to the registry itself. */
export interface Authenticator {
  /** `undefined` while nothing says that credentials are wanted. */
  authorize(scopes: readonly string[], signal?: AbortSignal): Promise<string | undefined>;
  /**
   * After a 401: true where something was learned that makes another attempt worth while.
   *
   * @param used the header value that was refused
   */
  learn(header: string, scopes: readonly string[], used: string | undefined): Promise<boolean>;
}

export interface TokenAuthenticatorOptions {
  readonly policy: OriginPolicy;
  readonly transport: Transport;
  readonly credentials: () => Promise<RegistryCredentials>;
  /** Reads them anew after they were refused; undefined where that gave the same. @default never */
  readonly renewCredentials?: ((refused: RegistryCredentials) => Promise<RegistryCredentials | undefined>) | undefined;
  /** The only name that a challenge may give to the registry. @default any */
  readonly service?: string | undefined;
  readonly clock: Clock;
}

type Scheme =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'basic' }
  | { readonly kind: 'bearer'; readonly realm: URL; readonly service: string | undefined };

interface Token {
  readonly value: string;
  readonly expiresAt: number;
}

const MAX_TOKENS = 1_000;
const TOKEN_TIME_MS = 30_000;

/**
 * Basic and bearer authentication as registries ask for it (distribution, "Token Authentication Specification"). The
 * scopes are those that the client needs, never those that the challenge names: a registry must not choose what a
 * token is asked for. One token per set of scopes is kept until shortly before its end.
 */
export function createTokenAuthenticator(options: TokenAuthenticatorOptions): Authenticator {
  const { policy, clock } = options;
  const tokens = new Map<string, Promise<Token>>();
  let scheme: Scheme = { kind: 'unknown' };

  const token = async (realm: URL, service: string | undefined, scopes: readonly string[]): Promise<string> => {
    const key = scopes.join(' ');
    const known = tokens.get(key);
    if (known !== undefined) {
      const kept = await known.catch(() => undefined);
      if (kept !== undefined && kept.expiresAt > clock.now().getTime()) return kept.value;
      // Another request has asked for the next one meanwhile.
      if (tokens.get(key) !== known) return token(realm, service, scopes);
    }
    const asked = fetchToken(options, realm, service, scopes);
    tokens.delete(key);
    tokens.set(key, asked);
    if (tokens.size > MAX_TOKENS) tokens.delete(tokens.keys().next().value as string);
    return (await asked).value;
  };

  /** Forgets a token that was refused, unless it was replaced already. */
  const forget = async (scopes: readonly string[], used: string | undefined): Promise<void> => {
    const key = scopes.join(' ');
    const known = tokens.get(key);
    const kept = await known?.catch(() => undefined);
    if (tokens.get(key) === known && (kept === undefined || used === `Bearer ${kept.value}`)) tokens.delete(key);
  };

  const renew = async (refused: RegistryCredentials): Promise<boolean> => {
    if (refused.kind === 'anonymous' || (await options.renewCredentials?.(refused)) === undefined) return false;
    // Tokens that the old ones were given for may be withdrawn with them.
    tokens.clear();
    return true;
  };

  return {
    async authorize(scopes) {
      if (scheme.kind === 'bearer') return `Bearer ${await token(scheme.realm, scheme.service, scopes)}`;
      const credentials = await options.credentials();
      if (credentials.kind === 'bearer') return bearer(credentials);
      return scheme.kind === 'basic' && credentials.kind === 'basic' ? basic(credentials) : undefined;
    },
    async learn(header, scopes, used) {
      const credentials = await options.credentials();
      const sent = used !== undefined && used === fixedHeader(credentials);
      if (sent) return renew(credentials);
      // Others replaced them while this request was under way.
      if (credentials.kind === 'bearer') return used !== undefined && used !== bearer(credentials);
      const next = chooseScheme(parseChallenges(header), policy, options.service);
      if (next.kind === 'unknown') return false;
      if (next.kind === 'basic' && credentials.kind !== 'basic') return false;
      await forget(scopes, used);
      scheme = next;
      return true;
    },
  };
}

/** What goes to the registry itself as it is. */
function fixedHeader(credentials: RegistryCredentials): string | undefined {
  if (credentials.kind === 'bearer') return bearer(credentials);
  return credentials.kind === 'basic' ? basic(credentials) : undefined;
}

function chooseScheme(challenges: readonly Challenge[], policy: OriginPolicy, expected: string | undefined): Scheme {
  const found = challenges.find((c) => c.scheme === 'bearer' && c.parameters.has('realm'));
  if (found !== undefined) {
    const realm = found.parameters.get('realm') ?? '';
    const url = URL.canParse(realm, policy.base.href) ? new URL(realm, policy.base) : undefined;
    if (url === undefined) throw registryError('registry-protocol', 'the bearer realm is not a URL');
    policy.check(url, 'the bearer realm');
    const service = found.parameters.get('service');
    if (expected !== undefined && service !== expected) {
      throw registryError(
        'registry-protocol',
        `the registry calls itself "${visible(service ?? '')}" at its token service, and "${expected}" is expected`,
        { hint: 'a token for another registry would be good there, too; `service` of the entry says what is expected' },
      );
    }
    return { kind: 'bearer', realm: url, service };
  }
  return challenges.some((c) => c.scheme === 'basic') ? { kind: 'basic' } : { kind: 'unknown' };
}

const visible = (text: string): string => text.replace(/\p{C}/gu, ' ').slice(0, 100);

const bearer = (credentials: { readonly token: string }): string => `Bearer ${credentials.token}`;

const basic = (credentials: { readonly username: string; readonly password: string }): string =>
  `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;

const tokenSchema = z.object({
  token: z.string().nullish(),
  access_token: z.string().nullish(),
  expires_in: z.number().nullish(),
});

async function fetchToken(
  options: TokenAuthenticatorOptions,
  realm: URL,
  service: string | undefined,
  scopes: readonly string[],
): Promise<Token> {
  const known = await options.credentials();
  try {
    return await askForToken(options, realm, tokenRequest(realm, service, scopes, known));
  } catch (error) {
    if (!isLadingError(error, 'registry-denied') || known.kind === 'anonymous') throw error;
    const renewed = await options.renewCredentials?.(known);
    if (renewed === undefined) throw error;
    return askForToken(options, realm, tokenRequest(realm, service, scopes, renewed));
  }
}

/** "Token Authentication Specification" for a password, "Authenticate using OAuth2" for a refresh token. */
function tokenRequest(
  realm: URL,
  service: string | undefined,
  scopes: readonly string[],
  credentials: RegistryCredentials,
): HttpRequest {
  const headers = { accept: 'application/json' };
  if (credentials.kind === 'identity-token') {
    const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'lading' });
    if (service !== undefined) form.set('service', service);
    if (scopes.length > 0) form.set('scope', scopes.join(' '));
    form.set('refresh_token', credentials.token);
    const body = Buffer.from(form.toString());
    const type = 'application/x-www-form-urlencoded';
    return {
      method: 'POST',
      url: realm,
      headers: { ...headers, 'content-type': type, 'content-length': String(body.length) },
      body,
    };
  }
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  return {
    method: 'GET',
    url,
    headers: { ...headers, ...(credentials.kind === 'basic' ? { authorization: basic(credentials) } : {}) },
  };
}

async function askForToken(
  { transport, clock, policy }: TokenAuthenticatorOptions,
  realm: URL,
  request: HttpRequest,
): Promise<Token> {
  policy.check(request.url, 'the bearer realm');
  // Not bound to the caller's signal: others may be waiting for the same token.
  const deadline = startDeadline(undefined, TOKEN_TIME_MS, `a token of ${realm.host}`);
  try {
    const response = await transport.send({ ...request, signal: deadline.signal });
    const { status } = response;
    // OAuth2 says 400 for a refresh token that holds no more (RFC 6749, section 5.2).
    if (status === 401 || status === 403 || (status === 400 && request.method === 'POST')) {
      throw await refusal(response, `a token of ${realm.host}`, 'registry-denied');
    }
    if (status === 429 || status >= 500) {
      throw await refusal(response, `a token of ${realm.host}`, 'registry-unavailable');
    }
    if (status !== 200) throw await refusal(response, `a token of ${realm.host}`, 'registry-protocol');
    const answer = await readJson(response, tokenSchema, `the token of ${realm.host}`, 1024 * 1024);
    return toToken(answer, clock.now().getTime());
  } finally {
    deadline.clear();
  }
}

function toToken(answer: z.infer<typeof tokenSchema>, now: number): Token {
  const value = answer.token || answer.access_token || '';
  if (!/^[\x21-\x7e]{1,65536}$/.test(value)) {
    throw registryError('registry-protocol', 'the token service answered without a usable token');
  }
  // The specification's default is 60 seconds; renewed at four fifths, so that an upload does not outlive its token.
  const seconds = Math.min(Math.max(answer.expires_in ?? 60, 60), 3_600);
  return { value, expiresAt: now + seconds * 800 };
}
