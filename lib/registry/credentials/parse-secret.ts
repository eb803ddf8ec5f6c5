import { z } from 'zod';
import { isLadingError, LadingError } from '../../core/errors.ts';
import { parseJsonStrict } from '../../core/json.ts';
import type { RegistryCredentials } from '../ports.ts';
import type { TokenKind } from './model.ts';

export interface StoredCredentials {
  readonly credentials: RegistryCredentials;
  /** As the secret itself says (the rotation writes it down), or its token, if that is a JWT. */
  readonly expiresAt?: Date;
}

/** The user names that go with bare tokens, as their issuers document them. */
const USERNAMES: Readonly<Record<Exclude<TokenKind, 'identity' | 'bearer'>, string>> = {
  github: 'x-access-token',
  'gitlab-job': 'gitlab-ci-token',
  'google-access': 'oauth2accesstoken',
  'google-key': '_json_key',
  'quay-oauth': '$oauthtoken',
};

const MAX_BYTES = 64 * 1024;

const objectSchema = z.object({
  username: z.string().optional(),
  password: z.string().optional(),
  token: z.string().optional(),
  identityToken: z.string().optional(),
  /** Docker's spelling. */
  identitytoken: z.string().optional(),
  expiresAt: z.iso.datetime({ offset: true }).optional(),
});

/**
 * Reads what a source holds: JSON with `username` and `password`, with `token` (a bearer token) or with
 * `identityToken`; or a bare password or token, where the configuration says whose it is.
 *
 * @param what for messages: `the secret "lading/harbor"`. Neither messages nor causes quote the text.
 * @throws LadingError `credentials-invalid`
 */
export function parseSecret(
  text: string,
  what: string,
  as: { readonly username?: string | undefined; readonly token?: TokenKind | undefined } = {},
): StoredCredentials {
  // An editor's last line end is no part of a token.
  const bare = text.replace(/\r?\n$/, '');
  if (as.token !== undefined) return withExpiry(ofToken(as.token, bare, what), bare);
  const object = asObject(bare);
  if (object === undefined) {
    if (as.username !== undefined) return withExpiry(basic(as.username, bare, what), bare);
    throw invalid(what, 'holds no credentials', 'it must be JSON with username and password, token, or identityToken');
  }
  const { username = as.username, password, token, expiresAt } = object;
  const identity = object.identityToken ?? object.identitytoken;
  const credentials = identity
    ? ofToken('identity', identity, what)
    : token
      ? ofToken('bearer', token, what)
      : basic(username, password, what);
  const secret = identity ?? token ?? password ?? '';
  return expiresAt === undefined ? withExpiry(credentials, secret) : { credentials, expiresAt: new Date(expiresAt) };
}

function asObject(text: string): z.infer<typeof objectSchema> | undefined {
  if (!text.trimStart().startsWith('{')) return undefined;
  try {
    const parsed = objectSchema.safeParse(parseJsonStrict(text, { maxBytes: MAX_BYTES, what: 'the secret' }));
    return parsed.success ? parsed.data : undefined;
  } catch (error) {
    if (isLadingError(error, 'json-invalid')) return undefined;
    throw error;
  }
}

function ofToken(kind: TokenKind, text: string, what: string): RegistryCredentials {
  switch (kind) {
    case 'identity':
      return { kind: 'identity-token', token: requireToken(text, what) };
    case 'bearer':
      return { kind: 'bearer', token: requireToken(text, what) };
    case 'google-key':
      // It is a text of many lines and goes into the password as it is.
      if (text.length > 0 && text.length <= MAX_BYTES) {
        return { kind: 'basic', username: USERNAMES[kind], password: text };
      }
      throw invalid(what, 'is empty or too long');
    default:
      return basic(USERNAMES[kind], requireToken(text, what), what);
  }
}

/** RFC 6750, section 2.1, and a little more: what can stand in a header without changing it. */
export function requireToken(text: string, what: string): string {
  if (/^[\x21-\x7e]{1,65536}$/.test(text)) return text;
  throw invalid(what, 'is no token', 'a token has no spaces, line ends or control characters in it');
}

function basic(username: string | undefined, password: string | undefined, what: string): RegistryCredentials {
  if (!username || !password) {
    throw invalid(what, 'holds no credentials', 'it must be JSON with username and password, token, or identityToken');
  }
  // RFC 7617, section 2: neither may hold control characters, and a colon would end the user name.
  const hasControls = /\p{Cc}/u.test(username + password);
  if (hasControls || username.includes(':') || username.length > 255 || password.length > MAX_BYTES) {
    throw invalid(what, 'holds a user name or password that cannot be sent', 'look for a line end inside of it');
  }
  return { kind: 'basic', username, password };
}

const invalid = (what: string, why: string, hint?: string): LadingError =>
  new LadingError('credentials-invalid', `${what} ${why}`, hint === undefined ? {} : { hint });

function withExpiry(credentials: RegistryCredentials, secret: string): StoredCredentials {
  const expiresAt = jwtExpiry(secret);
  return expiresAt === undefined ? { credentials } : { credentials, expiresAt };
}

const claimsSchema = z.object({ exp: z.number().positive().max(8.64e12) });

/** The `exp` of what looks like a JWT (RFC 7519). It is not verified: it only tells a person when to look again. */
export function jwtExpiry(token: string): Date | undefined {
  const exp = claimsSchema.safeParse(jwtClaims(token));
  return exp.success ? new Date(exp.data.exp * 1000) : undefined;
}

/** The claims of a JWT, unverified. */
export function jwtClaims(token: string): unknown {
  const [header, payload, signature, ...more] = token.split('.');
  if (!header || !payload || signature === undefined || more.length > 0 || token.length > MAX_BYTES) return undefined;
  try {
    return parseJsonStrict(Buffer.from(payload, 'base64url'), { maxBytes: MAX_BYTES });
  } catch {
    return undefined;
  }
}
