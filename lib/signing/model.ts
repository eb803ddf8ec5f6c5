import type { Digest } from '../core/digest.ts';
import type { ImageLocation } from '../core/image-reference.ts';

/**
 * How a signature is made: key, padding and hash in one word, so that none of the three is left to the signature to
 * say. An RSA key can be used both ways; cosign verifies PKCS #1 v1.5, Notary Project PSS.
 */
export const signatureAlgorithms = [
  'ecdsa-p256-sha256',
  'ecdsa-p384-sha384',
  'ecdsa-p521-sha512',
  'rsa-pkcs1-sha256',
  'rsa-pss-sha256',
  'rsa-pss-sha384',
  'rsa-pss-sha512',
  'ed25519',
  'ml-dsa-44',
  'ml-dsa-65',
  'ml-dsa-87',
] as const;
export type SignatureAlgorithm = (typeof signatureAlgorithms)[number];

/**
 * How a signature is packed and where it is put.
 * - `cosign-bundle`: Sigstore bundle v0.3 as a referrer (cosign 3; the default)
 * - `cosign-tag`: under the tags `sha256-<hex>.sig` and `.att` (cosign 1 and 2)
 * - `notation-jws`, `notation-cose`: Notary Project signature as a referrer, with the chain of an X.509 certificate
 */
export const signatureFormats = ['cosign-bundle', 'cosign-tag', 'notation-jws', 'notation-cose'] as const;
export type SignatureFormat = (typeof signatureFormats)[number];

export interface PublicKey {
  /** What the signer of this key produces. */
  readonly algorithm: SignatureAlgorithm;
  /** SubjectPublicKeyInfo, PEM and DER. */
  readonly pem: string;
  readonly spki: Uint8Array;
  /** base64 of SHA-256 of the DER, as cosign writes it into bundles. Also the key's id here. */
  readonly hint: string;
}

/**
 * A signature or attestation exactly as it is (to be) pushed. The bytes are fixed when it is recorded, so every retry
 * is the same.
 */
export interface RecordedSignature {
  readonly subject: ImageLocation;
  readonly format: SignatureFormat;
  readonly keyId: string;
  readonly algorithm: SignatureAlgorithm;
  /** Of an attestation. */
  readonly predicateType?: string;
  /** ISO 8601; the annotation `org.opencontainers.image.created` follows from it. */
  readonly createdAt: string;
  /** The only layer of the manifest: a Sigstore bundle, a Notary Project envelope, or what a tag's signature is of. */
  readonly bundle: Uint8Array;
  readonly manifest: Uint8Array;
  readonly manifestMediaType: string;
  /** Of a tag's signature: of the manifest that holds it alone. The tag gathers those of all signers. */
  readonly manifestDigest: Digest;
}

/** The predicate of cosign's signatures, which say "this image" and nothing more (cosign, specs/BUNDLE_SPEC.md). */
export const COSIGN_SIGN_PREDICATE = 'https://sigstore.dev/cosign/sign/v1';
