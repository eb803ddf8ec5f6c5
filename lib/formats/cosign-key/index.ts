import { randomBytes } from 'node:crypto';
import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js';
import { z } from 'zod';
import { LadingError } from '../../core/errors.ts';
import { canonicalJson, parseJsonStrict } from '../../core/json.ts';
import { decodeBase64, encodeBase64 } from '../base64.ts';
import { COSIGN_KEY_BLOCK, deriveKey, SCRYPT_COSTS } from './derive-key.ts';

export const isCosignKey = (pem: string): boolean => COSIGN_KEY_BLOCK.test(pem);

const bytes = z.string().transform((text, context) => {
  const decoded = decodeBase64(text);
  if (decoded !== undefined) return decoded;
  context.addIssue({ code: 'custom', message: 'not base64' });
  return z.NEVER;
});

const schema = z.object({
  kdf: z.object({
    name: z.literal('scrypt'),
    params: z.object({
      N: z.number().refine((n) => SCRYPT_COSTS.includes(n), 'a cost that is none of the usual'),
      r: z.literal(8),
      p: z.literal(1),
    }),
    salt: bytes,
  }),
  cipher: z.object({ name: z.literal('nacl/secretbox'), nonce: bytes.refine(({ length }) => length === 24) }),
  ciphertext: bytes,
});

/**
 * Opens a private key of cosign's format.
 *
 * @returns PKCS#8, DER
 * @throws LadingError `key-unusable`; `key-locked` where the password is another
 */
export async function openCosignKey(pem: string, password: string): Promise<Uint8Array> {
  const invalid = (why: string): LadingError => new LadingError('key-unusable', `cosign's private key: ${why}`);
  const body = decodeBase64((COSIGN_KEY_BLOCK.exec(pem)?.[2] ?? '').replace(/\s/g, ''));
  if (body === undefined || body.length === 0) throw invalid('its PEM block cannot be read');
  let document: unknown;
  try {
    document = parseJsonStrict(body, { maxBytes: 64 * 1024, what: 'the key' });
  } catch (cause) {
    throw invalid(cause instanceof Error ? cause.message : 'unreadable');
  }
  const parsed = schema.safeParse(document);
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error));
  const { kdf, cipher, ciphertext } = parsed.data;
  const key = await deriveKey(password, kdf.salt, kdf.params.N);
  try {
    return xsalsa20poly1305(key, cipher.nonce).decrypt(ciphertext);
  } catch (cause) {
    throw new LadingError('key-locked', 'the password is not that of the private key', { cause });
  }
}

/**
 * Seals a private key as cosign does, so that it can be used with either program.
 *
 * @param pkcs8 DER
 */
export async function sealCosignKey(pkcs8: Uint8Array, password: string): Promise<string> {
  const salt = randomBytes(32);
  const nonce = randomBytes(24);
  const [, cost = 2 ** 16] = SCRYPT_COSTS;
  const document = canonicalJson({
    kdf: { name: 'scrypt', params: { N: cost, r: 8, p: 1 }, salt: encodeBase64(salt) },
    cipher: { name: 'nacl/secretbox', nonce: encodeBase64(nonce) },
    ciphertext: encodeBase64(xsalsa20poly1305(await deriveKey(password, salt, cost), nonce).encrypt(pkcs8)),
  });
  const body = Buffer.from(document)
    .toString('base64')
    .replace(/.{1,64}/g, '$&\n');
  return `-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n${body}-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n`;
}
