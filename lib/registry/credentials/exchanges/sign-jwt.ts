import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { LadingError } from '../../../core/errors.ts';

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/**
 * A JWT signed with RS256 (RFC 7518, section 3.3), which both GitHub and Google ask for.
 *
 * @throws LadingError `credentials-invalid` where the key is no RSA key; the message does not quote it
 */
export function signJwt(
  claims: Readonly<Record<string, string | number>>,
  privateKey: string,
  options: { readonly keyId?: string | undefined; readonly what: string },
): string {
  const key = readKey(privateKey, options.what);
  const header = { alg: 'RS256', typ: 'JWT', ...(options.keyId === undefined ? {} : { kid: options.keyId }) };
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
}

function readKey(text: string, what: string): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = createPrivateKey(text);
  } catch {
    // Without a cause: what the reader stumbled over is the key.
  }
  if (key?.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048) return key;
  throw new LadingError('credentials-invalid', `${what} holds no RSA private key of 2048 bits or more in PEM form`);
}
