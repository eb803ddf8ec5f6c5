import { createHash, createPublicKey, type JsonWebKey, type KeyObject, sign } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { jwtHolds, jwtKey, splitJwt } from '../formats/jwt/index.ts';
import type { EdgeSite } from './model.ts';
import type { SiteStore, TokenLog } from './ports.ts';

/** Longest life of a token, and how far two clocks may be apart. Seconds. */
const MOST_SECONDS = 300;
const SKEW_SECONDS = 60;

const claimsSchema = z.object({
  iss: z.string().max(100),
  aud: z.string().max(300),
  iat: z.int(),
  exp: z.int(),
  jti: z.string().min(16).max(128),
  // As in DPoP (RFC 9449, section 4.2), and the hash of the body: a token is good for one request and no other.
  htm: z.string().max(16),
  htu: z.string().max(1_024),
  bsh: z.string().max(64),
});

export interface SiteRequest {
  readonly method: string;
  /** Without host and query. */
  readonly path: string;
  readonly body: Uint8Array;
}

const bodyHash = (body: Uint8Array): string => createHash('sha256').update(body).digest('base64url');
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/**
 * What a site puts into `Authorization: Bearer …` of one request (RFC 7519, ES256).
 *
 * @param key the site's private key, ECDSA on P-256
 * @param options.id 16 characters or more that were never used before
 */
export function createSiteToken(
  key: KeyObject,
  request: SiteRequest,
  options: { readonly site: string; readonly audience: string; readonly now: Date; readonly id: string },
): string {
  const iat = Math.floor(options.now.getTime() / 1000);
  const claims = {
    ...{ iss: options.site, aud: options.audience, iat, exp: iat + 120, jti: options.id },
    ...{ htm: request.method, htu: request.path, bsh: bodyHash(request.body) },
  };
  const signed = `${encode({ alg: 'ES256', typ: 'JWT' })}.${encode(claims)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

/** Why a caller is not let in. Told in the log, never to the caller, who learns only that it is so. */
export type SiteRefusal =
  | 'token-missing'
  | 'token-unreadable'
  | 'other-site'
  | 'site-unknown'
  | 'site-revoked'
  | 'signature-invalid'
  | 'other-audience'
  | 'other-request'
  | 'expired'
  | 'not-yet-valid'
  | 'lives-too-long'
  | 'replayed';

export type SiteIdentity =
  | { readonly kind: 'site'; readonly site: EdgeSite }
  | { readonly kind: 'refused'; readonly reason: SiteRefusal };

export interface IdentityPorts {
  readonly sites: Pick<SiteStore, 'find'>;
  readonly tokens: TokenLog;
  readonly clock: Clock;
}

/** Whether a request is of the site that its path names. Nothing is remembered of what is not proven. */
export async function identifySite(
  { sites, tokens, clock }: IdentityPorts,
  request: SiteRequest & { readonly site: string; readonly token: string | undefined },
  audience: string,
): Promise<SiteIdentity> {
  const no = (reason: SiteRefusal): SiteIdentity => ({ kind: 'refused', reason });
  if (request.token === undefined) return no('token-missing');
  const jwt = request.token.length > 4_096 ? undefined : splitJwt(request.token);
  const header = z.object({ alg: z.literal('ES256') }).safeParse(jwt?.header);
  const claims = claimsSchema.safeParse(jwt?.claims).data;
  if (jwt === undefined || !header.success || claims === undefined) return no('token-unreadable');
  if (claims.iss !== request.site) return no('other-site');
  const site = await sites.find(request.site);
  if (site === undefined) return no('site-unknown');
  const key = siteKey(site.publicKeyPem);
  if (key === undefined || !jwtHolds(jwt, key, 'ES256')) return no('signature-invalid');
  if (site.revokedAt !== undefined) return no('site-revoked');
  if (claims.aud !== audience) return no('other-audience');
  const isFor = claims.htm === request.method && claims.htu === request.path && claims.bsh === bodyHash(request.body);
  if (!isFor) return no('other-request');
  const now = clock.now().getTime() / 1000;
  if (claims.exp <= now - SKEW_SECONDS) return no('expired');
  if (claims.iat > now + SKEW_SECONDS) return no('not-yet-valid');
  if (claims.exp - claims.iat > MOST_SECONDS) return no('lives-too-long');
  const until = new Date((claims.exp + 2 * SKEW_SECONDS) * 1000);
  return (await tokens.use(site.name, claims.jti, until)) ? { kind: 'site', site } : no('replayed');
}

/** The key of a site, where it is one that tokens are signed with: ECDSA on P-256. */
export function siteKey(pem: string): KeyObject | undefined {
  try {
    // An RSA key and one on another curve are told apart by the JWK, as those of others are.
    return jwtKey(createPublicKey(pem).export({ format: 'jwk' }) as JsonWebKey, 'ES256');
  } catch {
    return undefined;
  }
}
