import {
  constants,
  createHash,
  createPublicKey,
  type KeyObject,
  privateEncrypt,
  publicDecrypt,
  sign,
  verify,
} from 'node:crypto';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { LadingError } from '../../../../lib/core/errors.ts';
import type { Hash, SigningAlgorithm } from './key-specs.ts';
import { encodePss, matchesPss } from './pss.ts';

/** What is signed: a message, or its hash made elsewhere. */
export type Signed =
  | { readonly type: 'RAW'; readonly message: Uint8Array }
  | { readonly type: 'DIGEST'; readonly digest: Uint8Array };

const CURVES = { sha256: p256, sha384: p384, sha512: p521 } as const;

/** KMS salts PSS with as many bytes as the hash has. */
const pssOptions = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST } as const;

/**
 * Signs as KMS does: ECDSA in DER, with s as it comes; PSS with a salt as long as the hash; ML-DSA without context.
 *
 * `node:crypto` hashes what it signs and takes no hash made elsewhere. So digests are signed by @noble/curves, and for
 * RSA by the padding of RFC 8017 and the bare private operation.
 */
export function createSignature(algorithm: SigningAlgorithm, key: KeyObject, signed: Signed): Buffer {
  if (signed.type === 'RAW') {
    if (algorithm.kind === 'ml-dsa') return sign(null, signed.message, key);
    return sign(algorithm.hash, signed.message, algorithm.kind === 'rsa-pss' ? { key, ...pssOptions } : key);
  }
  const { digest } = signed;
  switch (algorithm.kind) {
    case 'ecdsa': {
      const secret = coordinate(key.export({ format: 'jwk' }).d);
      return Buffer.from(CURVES[algorithm.hash].sign(digest, secret, { prehash: false, lowS: false, format: 'der' }));
    }
    case 'rsa-pkcs1':
      return privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, digestInfo(algorithm.hash, digest));
    case 'rsa-pss': {
      const encoded = encodePss(algorithm.hash, digest, modulusBits(key));
      return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, encoded);
    }
    case 'ml-dsa':
      throw new LadingError('unreachable', 'ML-DSA signs messages only');
  }
}

export function isSignature(
  algorithm: SigningAlgorithm,
  key: KeyObject,
  signed: Signed,
  signature: Uint8Array,
): boolean {
  const publicKey = createPublicKey(key);
  try {
    if (signed.type === 'RAW') {
      if (algorithm.kind === 'ml-dsa') return verify(null, signed.message, publicKey, signature);
      const how = algorithm.kind === 'rsa-pss' ? { key: publicKey, ...pssOptions } : publicKey;
      return verify(algorithm.hash, signed.message, how, signature);
    }
    return isDigestSignature(algorithm, publicKey, signed.digest, signature);
  } catch {
    // Not even the form of a signature of this key: wrong DER, wrong length, number out of range.
    return false;
  }
}

function isDigestSignature(
  algorithm: SigningAlgorithm,
  key: KeyObject,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  switch (algorithm.kind) {
    case 'ecdsa': {
      const { x, y } = key.export({ format: 'jwk' });
      const point = Buffer.concat([Buffer.of(4), coordinate(x), coordinate(y)]);
      return CURVES[algorithm.hash].verify(signature, digest, point, { prehash: false, lowS: false, format: 'der' });
    }
    case 'rsa-pkcs1': {
      const opened = publicDecrypt({ key, padding: constants.RSA_PKCS1_PADDING }, signature);
      return opened.equals(digestInfo(algorithm.hash, digest));
    }
    case 'rsa-pss': {
      const opened = publicDecrypt({ key, padding: constants.RSA_NO_PADDING }, signature);
      return matchesPss(algorithm.hash, digest, opened, modulusBits(key));
    }
    case 'ml-dsa':
      return false;
  }
}

const coordinate = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64url');

const modulusBits = (key: KeyObject): number => key.asymmetricKeyDetails?.modulusLength ?? 0;

/** RFC 8017 section 9.2, note 1: the DER of DigestInfo up to the hash. */
const DIGEST_INFO: Readonly<Record<Hash, string>> = {
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
};

const digestInfo = (hash: Hash, digest: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from(DIGEST_INFO[hash], 'hex'), digest]);

export const digestLength = (hash: Hash): number => createHash(hash).digest().length;
