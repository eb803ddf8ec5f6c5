import { z } from 'zod';
import { jwtHolds, jwtKey, splitJwt } from '../formats/jwt/index.ts';
import type { KeySets } from '../identity/index.ts';
import type { CiIssuer } from './config.ts';

const MAX_TOKEN_LENGTH = 16_384;
/** Clocks may differ by so many seconds. */
const LEEWAY_SECONDS = 60;
/** A token of CI lives minutes; one that would live longer was not made for this. */
const MAX_LIFE_SECONDS = 24 * 3600;

const header = z.object({
  alg: z.enum(['RS256', 'ES256']),
  kid: z.string().min(1).max(200),
  crit: z.never().optional(),
});
const common = z.looseObject({
  iss: z.string(),
  sub: z.string(),
  aud: z.union([z.string(), z.array(z.string()).max(20)]),
  iat: z.number(),
  nbf: z.number().optional(),
  exp: z.number(),
});
export type CiClaims = z.infer<typeof common>;

export type TokenReading =
  | { readonly kind: 'verified'; readonly issuer: CiIssuer; readonly claims: CiClaims }
  | { readonly kind: 'refused'; readonly reason: string };

const KEYS_OF: Readonly<Record<CiIssuer['kind'], string>> = {
  // GitHub, "OpenID Connect reference", jwks_uri of the discovery document.
  github: '/.well-known/jwks',
  // GitLab, lib/gitlab openid configuration: jwks_uri.
  gitlab: '/oauth/discovery/keys',
};

/**
 * Verifies an identity token of CI (RFC 7519, section 7.2; RFC 8725). Its issuer must be configured: keys are asked for
 * at the configured address and at no other, and not before all that can be told without them is right.
 *
 * @throws what `keys` throws where the issuer does not answer
 */
export async function verifyCiToken(
  token: string,
  issuers: readonly CiIssuer[],
  keys: KeySets,
  now: Date,
): Promise<TokenReading> {
  const refused = (reason: string): TokenReading => ({ kind: 'refused', reason });
  if (token.length > MAX_TOKEN_LENGTH) return refused('the token is too long');
  const jwt = splitJwt(token);
  const parsedHeader = header.safeParse(jwt?.header);
  const parsedClaims = common.safeParse(jwt?.claims);
  if (jwt === undefined || !parsedHeader.success || !parsedClaims.success) {
    return refused('the token is not an identity token that is known here');
  }
  const claims = parsedClaims.data;
  const issuer = issuers.find((one) => one.issuer === claims.iss);
  if (issuer === undefined) return refused('its issuer is not configured');
  if (![claims.aud].flat().includes(issuer.audience)) return refused('it was made for somebody else');
  const seconds = now.getTime() / 1000;
  if (claims.exp <= seconds - LEEWAY_SECONDS) return refused('it has expired');
  if (Math.max(claims.iat, claims.nbf ?? claims.iat) >= seconds + LEEWAY_SECONDS) return refused('it is not valid yet');
  if (claims.exp - claims.iat > MAX_LIFE_SECONDS) return refused('it lives too long for a token of CI');
  const { alg, kid } = parsedHeader.data;
  const key = jwtKey(await keys.find(issuer.keys ?? `${issuer.issuer}${KEYS_OF[issuer.kind]}`, kid), alg);
  if (key === undefined) return refused('its issuer does not know the key that it names');
  return jwtHolds(jwt, key, alg) ? { kind: 'verified', issuer, claims } : refused('its signature does not hold');
}
