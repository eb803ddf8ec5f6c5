import { z } from 'zod';
import { jwtHolds, jwtKey, splitJwt } from '../formats/jwt/index.ts';
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
  const jwt = splitJwt(token);
  const parsedHeader = header.safeParse(jwt?.header);
  const parsedClaims = claims.safeParse(jwt?.claims);
  if (jwt === undefined || !parsedHeader.success || !parsedClaims.success) return false;
  if (!areRight(parsedClaims.data, expected, now)) return false;
  const { alg, kid } = parsedHeader.data;
  const key = jwtKey(await keys.find(kid), alg);
  return key !== undefined && jwtHolds(jwt, key, alg);
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
