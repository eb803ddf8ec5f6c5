import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { SigningKeys } from '../../../lib/intake/index.ts';
import { NOW } from './support.ts';

export const KEY_ID = '7d680d8c70d44e947133cbd499ebc1a61c3d5abc';
export const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const { privateKey: strangersKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

export const keys: SigningKeys = {
  find: async (id) => (id === KEY_ID ? publicKey.export({ format: 'jwk' }) : undefined),
};

const seconds = new Date(NOW).getTime() / 1000;

/** The claims of Pub/Sub's documentation, "Authentication for push subscriptions". */
export const claims = {
  ...{ iss: 'https://accounts.google.com', aud: 'lading', azp: '113774264463038321964', sub: '113774264463038321964' },
  ...{ email: 'push@project.example', email_verified: true, iat: seconds - 10, exp: seconds + 3590 },
};

export const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export function token(changed: object = {}, header: object = {}, key: KeyObject = privateKey): string {
  const signed = `${encoded({ alg: 'RS256', kid: KEY_ID, typ: 'JWT', ...header })}.${encoded({ ...claims, ...changed })}`;
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), key).toString('base64url')}`;
}
