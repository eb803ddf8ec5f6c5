import type { ImageLocation } from '../core/image-reference.ts';
import type { PublicKey, RecordedSignature, SignatureAlgorithm } from './model.ts';

/** A private key, wherever it is kept. It never leaves its keeper. */
export interface Signer {
  readonly algorithm: SignatureAlgorithm;
  /** A DER-encoded ECDSA signature over SHA-256 of the payload. Two calls with one payload differ. */
  sign(payload: Uint8Array): Promise<Uint8Array>;
  publicKey(): Promise<PublicKey>;
}

/** The signatures that were made, written down before anyone else sees them. One per image location and key. */
export interface SignatureStore {
  /** Conditional: the first record stays. Answers the one that was there before, which is the one to push. */
  record(signature: RecordedSignature): Promise<'recorded' | RecordedSignature>;
  get(subject: ImageLocation, keyId: string): Promise<RecordedSignature | undefined>;
}
