import { createPrivateKey, type KeyObject } from 'node:crypto';
import { isCosignKey, openCosignKey } from '../formats/cosign-key/index.ts';
import { signingError } from './errors.ts';

const isLocked = (pem: string): boolean => isCosignKey(pem) || /-----BEGIN ENCRYPTED PRIVATE KEY-----/.test(pem);

/**
 * Reads a private key: PKCS#8, plain or encrypted (RFC 5958, RFC 8018), the older forms for RSA and EC, or cosign's own.
 *
 * @param password asked for only where the key is encrypted
 * @throws LadingError `key-unusable`; `key-locked` where the password is missing or another
 */
export async function openPrivateKey(pem: string, password: () => Promise<string | undefined>): Promise<KeyObject> {
  const locked = isLocked(pem);
  const given = locked ? await password() : undefined;
  if (locked && given === undefined) {
    throw signingError('key-locked', 'the private key is encrypted', {
      hint: 'give its password in LADING_PASSWORD or COSIGN_PASSWORD, or on a terminal',
    });
  }
  if (isCosignKey(pem)) {
    const key = Buffer.from(await openCosignKey(pem, given ?? ''));
    return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  }
  try {
    return createPrivateKey({ key: pem, format: 'pem', ...(given === undefined ? {} : { passphrase: given }) });
  } catch (cause) {
    if (locked) throw signingError('key-locked', 'the password is not that of the private key', { cause });
    throw signingError('key-unusable', 'the private key cannot be read', {
      cause,
      hint: 'give a PEM block that begins with -----BEGIN PRIVATE KEY-----, or a key of cosign generate-key-pair',
    });
  }
}
