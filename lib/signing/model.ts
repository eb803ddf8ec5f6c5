import type { Digest } from '../core/digest.ts';
import type { ImageLocation } from '../core/image-reference.ts';

/** What `Signer`s here can produce: what cosign and Notary Project verify with a plain key. */
export type SignatureAlgorithm = 'ecdsa-p256-sha256';

export interface PublicKey {
  /** SubjectPublicKeyInfo, PEM and DER. */
  readonly pem: string;
  readonly spki: Uint8Array;
  /** base64 of SHA-256 of the DER, as cosign writes it into bundles. Also the key's id here. */
  readonly hint: string;
}

/** A signature exactly as it is (to be) pushed. The bytes are fixed when it is recorded, so every retry is the same. */
export interface RecordedSignature {
  readonly subject: ImageLocation;
  readonly keyId: string;
  readonly algorithm: SignatureAlgorithm;
  /** ISO 8601; the annotation `org.opencontainers.image.created` follows from it. */
  readonly createdAt: string;
  /** The Sigstore bundle, the only layer of the manifest. */
  readonly bundle: Uint8Array;
  readonly manifest: Uint8Array;
  readonly manifestMediaType: string;
  readonly manifestDigest: Digest;
}

/** The predicate of cosign's signatures, which say "this image" and nothing more (cosign, specs/BUNDLE_SPEC.md). */
export const COSIGN_SIGN_PREDICATE = 'https://sigstore.dev/cosign/sign/v1';
