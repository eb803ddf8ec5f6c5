import {
  constants,
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';
import { AwsError } from '../json-service.ts';
import type { KeyStore, StoredKey } from './keys.ts';

/** Pairs that are authenticated with the ciphertext, and have to be given again to open it. */
export type EncryptionContext = Readonly<Record<string, string>>;

const VERSION = 1;
const HEADER = 1 + 16;

/** A version byte and the key's id in front, so that Decrypt finds the key; then AES-256-GCM: IV, tag, ciphertext. */
export function sealSymmetric(key: StoredKey, plaintext: Uint8Array, context: EncryptionContext): Buffer {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(key.material, 'base64'), iv);
  const header = Buffer.concat([Buffer.of(VERSION), idBytes(key.id)]);
  cipher.setAAD(Buffer.concat([header, contextBytes(context)]));
  const sealed = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([header, iv, cipher.getAuthTag(), sealed]);
}

/** @throws AwsError `InvalidCiphertextException` */
export function openSymmetric(key: StoredKey, blob: Uint8Array, context: EncryptionContext): Buffer {
  const bytes = Buffer.from(blob);
  const decipher = createDecipheriv(
    'aes-256-gcm',
    Buffer.from(key.material, 'base64'),
    bytes.subarray(HEADER, HEADER + 12),
    { authTagLength: 16 },
  );
  decipher.setAAD(Buffer.concat([bytes.subarray(0, HEADER), contextBytes(context)]));
  try {
    decipher.setAuthTag(bytes.subarray(HEADER + 12, HEADER + 28));
    return Buffer.concat([decipher.update(bytes.subarray(HEADER + 28)), decipher.final()]);
  } catch {
    throw invalidCiphertext();
  }
}

/** The key that sealed a blob, as the blob says; whether it is true shows when it is opened. */
export function keyIdOf(blob: Uint8Array): string {
  if (blob[0] !== VERSION || blob.length < HEADER + 28) throw invalidCiphertext();
  const hex = Buffer.from(blob.subarray(1, HEADER)).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

export const invalidCiphertext = (): AwsError => new AwsError('InvalidCiphertextException', '');

const idBytes = (id: string): Buffer => Buffer.from(id.replaceAll('-', ''), 'hex');

/** In the order of the names, whatever the order in which they were given. */
const contextBytes = (context: EncryptionContext): Buffer =>
  Buffer.from(JSON.stringify(Object.entries(context).toSorted(([a], [b]) => (a < b ? -1 : 1))));

const oaep = (algorithm: string) =>
  ({
    padding: constants.RSA_PKCS1_OAEP_PADDING,
    oaepHash: algorithm === 'RSAES_OAEP_SHA_1' ? 'sha1' : 'sha256',
  }) as const;

/** @throws AwsError `ValidationException` when the plaintext is too long for the key */
export function sealRsa(keys: KeyStore, key: StoredKey, algorithm: string, plaintext: Uint8Array): Buffer {
  try {
    return publicEncrypt({ key: createPublicKey(keys.privateKey(key)), ...oaep(algorithm) }, plaintext);
  } catch {
    throw new AwsError('ValidationException', `Plaintext is too long for ${algorithm} with ${key.spec}.`);
  }
}

/** @throws AwsError `InvalidCiphertextException` */
export function openRsa(keys: KeyStore, key: StoredKey, algorithm: string, blob: Uint8Array): Buffer {
  try {
    return privateDecrypt({ key: keys.privateKey(key), ...oaep(algorithm) }, blob);
  } catch {
    throw invalidCiphertext();
  }
}
