import { scrypt } from 'node:crypto';

/** What `cosign generate-key-pair` writes: PKCS#8 in a NaCl secretbox under a key from scrypt. */
export const COSIGN_KEY_BLOCK =
  /-----BEGIN ENCRYPTED (COSIGN|SIGSTORE) PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END ENCRYPTED \1 PRIVATE KEY-----/;

/** The costs that others write (go-securesystemslib, encrypted). Any other would let a file take memory at will. */
export const SCRYPT_COSTS: readonly number[] = [2 ** 15, 2 ** 16, 2 ** 17];

const begun = new Map<string, Promise<Uint8Array>>();

/** A sixth of a second's work on purpose, beside the event loop; where it was begun, what is left of it. */
export function deriveKey(password: string, salt: Uint8Array, cost: number): Promise<Uint8Array> {
  const name = nameOf(password, salt, cost);
  const already = begun.get(name);
  begun.delete(name);
  return already ?? start(password, salt, cost);
}

const nameOf = (password: string, salt: Uint8Array, cost: number): string =>
  [cost, Buffer.from(salt).toString('hex'), password].join(' ');

const start = (password: string, salt: Uint8Array, cost: number): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    scrypt(password, salt, 32, { N: cost, r: 8, p: 1, maxmem: 256 * 1024 * 1024 }, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });

/**
 * Begins what opening such a key takes longest for, before anything else is loaded. Whether the key can be used is for
 * `openCosignKey` to say: what does not look like one is passed over here.
 */
export function beginOpening(pem: string, password: string): void {
  const [, , body] = COSIGN_KEY_BLOCK.exec(pem) ?? [];
  if (body === undefined) return;
  try {
    const { kdf } = JSON.parse(Buffer.from(body, 'base64').toString('utf8'));
    const { N: cost } = kdf.params;
    if (kdf.name !== 'scrypt' || typeof kdf.salt !== 'string' || !SCRYPT_COSTS.includes(cost)) return;
    const salt = Buffer.from(kdf.salt, 'base64');
    if (begun.has(nameOf(password, salt, cost))) return;
    const work = start(password, salt, cost);
    // It is told when the key is opened.
    work.catch(() => undefined);
    begun.set(nameOf(password, salt, cost), work);
  } catch {
    // No key of this format; opening it will say so.
  }
}
