import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { openStateDocument } from '../state/atomic-file.ts';

/** API reference, GetAuthorizationToken: a token is good for 12 hours. */
const LIFETIME = 12 * 60 * 60 * 1000;

const claims = z.strictObject({ p: z.string().nullable(), r: z.string(), e: z.number() });

/** Who a password of the registry was given to. */
export interface TokenHolder {
  /** `undefined` is the developer at the machine. */
  readonly principal: string | undefined;
  readonly region: string;
}

/** Passwords for the registry: who they were given to, where and until when, under a MAC that outlives a restart. */
export interface TokenIssuer {
  issue(holder: TokenHolder): { readonly password: string; readonly expiresAt: number };
  holderOf(password: string): TokenHolder | undefined;
}

export async function openTokenIssuer(directory: string, now: () => number): Promise<TokenIssuer> {
  const schema = z.object({ secret: z.string() }).readonly();
  const document = await openStateDocument(join(directory, 'token-secret.json'), schema, { secret: '' });
  const secret = await document.update((current) => {
    const next = current.secret === '' ? { secret: randomBytes(32).toString('base64') } : current;
    return { next, result: Buffer.from(next.secret, 'base64') };
  });
  const mac = (text: string): Buffer => createHmac('sha256', secret).update(`ecr-token ${text}`).digest();

  return {
    issue: ({ principal, region }) => {
      const expiresAt = now() + LIFETIME;
      const text = Buffer.from(JSON.stringify({ p: principal ?? null, r: region, e: expiresAt })).toString('base64url');
      return { password: `${text}.${mac(text).toString('base64url')}`, expiresAt };
    },
    holderOf: (password) => {
      const [text = '', given = '', ...more] = password.split('.');
      const expected = mac(text);
      const actual = Buffer.from(given, 'base64url');
      if (more.length > 0 || actual.length !== expected.length || !timingSafeEqual(actual, expected)) return undefined;
      const { p, r, e } = claims.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
      return e > now() ? { principal: p ?? undefined, region: r } : undefined;
    },
  };
}

/** The password of `Authorization: Basic base64(AWS:password)`; the user name is always `AWS`. */
export function basicPassword(header: string | undefined): string | undefined {
  const encoded = /^Basic ([A-Za-z0-9+/]{1,8192}={0,2})$/i.exec(header ?? '')?.[1];
  const text = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString();
  return text.startsWith('AWS:') ? text.slice('AWS:'.length) : undefined;
}
