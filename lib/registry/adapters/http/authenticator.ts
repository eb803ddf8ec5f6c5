import { z } from 'zod';
import type { Clock } from '../../../core/clock.ts';
import { registryError } from '../../errors.ts';
import type { RegistryCredentials } from '../../ports.ts';
import { readJson, refusal } from './answers.ts';
import { startDeadline } from './deadline.ts';
import type { OriginPolicy } from './origin-policy.ts';
import { type Challenge, parseChallenges } from './parse-challenge.ts';
import type { Transport } from './transport.ts';

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

  return {
    async authorize(scopes) {
      if (scheme.kind === 'bearer') return `Bearer ${await token(scheme.realm, scheme.service, scopes)}`;
      const credentials = await options.credentials();
      if (credentials.kind === 'bearer') return `Bearer ${credentials.token}`;
      return scheme.kind === 'basic' && credentials.kind === 'basic' ? basic(credentials) : undefined;
    },
    async learn(header, scopes, used) {
      const before = scheme.kind;
      const credentials = await options.credentials();
      if (credentials.kind === 'bearer') return false;
      const next = chooseScheme(parseChallenges(header), policy);
      if (next.kind === 'unknown') return false;
      if (next.kind === 'basic' && (before === 'basic' || credentials.kind !== 'basic')) return false;
      await forget(scopes, used);
      scheme = next;
      return true;
    },
  };
}

function chooseScheme(challenges: readonly Challenge[], policy: OriginPolicy): Scheme {
  const bearer = challenges.find((c) => c.scheme === 'bearer' && c.parameters.has('realm'));
  if (bearer !== undefined) {
    const realm = bearer.parameters.get('realm') ?? '';
    const url = URL.canParse(realm, policy.base.href) ? new URL(realm, policy.base) : undefined;
    if (url === undefined) throw registryError('registry-protocol', 'the bearer realm is not a URL');
    policy.check(url, 'the bearer realm');
    return { kind: 'bearer', realm: url, service: bearer.parameters.get('service') };
  }
  return challenges.some((c) => c.scheme === 'basic') ? { kind: 'basic' } : { kind: 'unknown' };
}

const basic = (credentials: { readonly username: string; readonly password: string }): string =>
  `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;

const tokenSchema = z.object({
  token: z.string().nullish(),
  access_token: z.string().nullish(),
  expires_in: z.number().nullish(),
});

async function fetchToken(
  { transport, credentials, clock, policy }: TokenAuthenticatorOptions,
  realm: URL,
  service: string | undefined,
  scopes: readonly string[],
): Promise<Token> {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  policy.check(url, 'the bearer realm');
  const known = await credentials();
  // Not bound to the caller's signal: others may be waiting for the same token.
  const deadline = startDeadline(undefined, TOKEN_TIME_MS, `a token of ${realm.host}`);
  try {
    const response = await transport.send({
      method: 'GET',
      url,
      headers: { accept: 'application/json', ...(known.kind === 'basic' ? { authorization: basic(known) } : {}) },
      signal: deadline.signal,
    });
    if (response.status === 401 || response.status === 403) {
      throw await refusal(response, `a token of ${realm.host}`, 'registry-denied');
    }
    if (response.status === 429 || response.status >= 500) {
      throw await refusal(response, `a token of ${realm.host}`, 'registry-unavailable');
    }
    if (response.status !== 200) throw await refusal(response, `a token of ${realm.host}`, 'registry-protocol');
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
