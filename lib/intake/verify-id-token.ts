import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { z } from 'zod';
import { isLadingError } from '../core/errors.ts';
import { parseJsonStrict } from '../core/json.ts';
import type { SigningKeys } from './ports.ts';

export interface ExpectedToken {
  readonly issuers: readonly string[];
  readonly audience: string;
  readonly email: string;
}

const MAX_TOKEN_LENGTH = 8192;
/** Clocks may differ by so many seconds. */
const LEEWAY_SECONDS = 60;

const header = z.object({ alg: z.literal('RS256'), kid: z.string().min(1).max(200), crit: z.never().optional() });
const claims = z.object({
  iss: z.string(),
  aud: z.string(),
  email: z.string(),
  email_verified: z.literal(true),
  iat: z.number(),
  exp: z.number(),
});

/**
 * Whether an OpenID Connect identity token is of the issuer, for us, of the account, valid now, and signed (RFC 7519,
 * section 7.2; RFC 7515, section 5.2). Only RS256 is known, whatever the token's header says (RFC 8725, section 3.1).
 * The claims are looked at before any key is asked for, so that a stranger's token causes no request.
 *
 * @throws what `keys` throws
 */
export async function verifyIdToken(
  token: string,
  expected: ExpectedToken,
  keys: SigningKeys,
  now: Date,
): Promise<boolean> {
  if (token.length > MAX_TOKEN_LENGTH) return false;
  const [head = '', body = '', signature = '', ...rest] = token.split('.');
  if (rest.length > 0) return false;
  const parsedHeader = header.safeParse(decodeJson(head));
  const parsedClaims = claims.safeParse(decodeJson(body));
  const bytes = decode(signature);
  if (!parsedHeader.success || !parsedClaims.success || bytes === undefined) return false;
  if (!areRight(parsedClaims.data, expected, now)) return false;
  const key = publicKey(await keys.find(parsedHeader.data.kid));
  return key !== undefined && verify('RSA-SHA256', Buffer.from(`${head}.${body}`), key, bytes);
}

function areRight(given: z.infer<typeof claims>, expected: ExpectedToken, now: Date): boolean {
  const seconds = now.getTime() / 1000;
  return (
    expected.issuers.includes(given.iss) &&
    given.aud === expected.audience &&
    given.email === expected.email &&
    given.exp > seconds - LEEWAY_SECONDS &&
    given.iat < seconds + LEEWAY_SECONDS
  );
}

function publicKey(jwk: Awaited<ReturnType<SigningKeys['find']>>): KeyObject | undefined {
  if (jwk?.kty !== 'RSA') return undefined;
  try {
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    return (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048 ? key : undefined;
  } catch {
    return undefined;
  }
}

/** Only the one canonical spelling: what decodes to the same bytes is not the same token. */
function decode(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return text !== '' && bytes.toString('base64url') === text ? bytes : undefined;
}

function decodeJson(text: string): unknown {
  const bytes = decode(text);
  if (bytes === undefined) return undefined;
  try {
    return parseJsonStrict(bytes);
  } catch (error) {
    if (isLadingError(error)) return undefined;
    throw error;
  }
}
