import type { ImageLocation } from '../core/image-reference.ts';
import type { PublicKey, RecordedSignature, SignatureFormat } from './model.ts';
import type { RevocationAnswer, RevocationQuestion } from './verify/model.ts';

/** A private key, wherever it is kept. It never leaves its keeper. */
export interface Signer {
  /**
   * A signature over the payload by `publicKey().algorithm`. ECDSA is DER-encoded. Two calls with one payload may
   * differ.
   */
  sign(payload: Uint8Array): Promise<Uint8Array>;
  publicKey(): Promise<PublicKey>;
}

/** The signatures that were made, written down before anyone else sees them: one per image location, key and format. */
export interface SignatureStore {
  /** Conditional: the first record stays. Answers the one that was there before, which is the one to push. */
  record(signature: RecordedSignature): Promise<'recorded' | RecordedSignature>;
  /** @param format `cosign-bundle` when absent */
  get(subject: ImageLocation, keyId: string, format?: SignatureFormat): Promise<RecordedSignature | undefined>;
}

/** An authority that says what existed when (RFC 3161). */
export interface Timestamper {
  /**
   * The authority's answer (`TimeStampResp`, DER) about the hash of the signature; it was checked to be about it.
   *
   * @throws LadingError `timestamp-unavailable`
   */
  timestamp(signature: Uint8Array, hash: 'sha256' | 'sha384' | 'sha512'): Promise<Uint8Array>;
}

/** Who knows whether a signature of a service, its profile or its certificates are revoked. */
export interface RevocationSource {
  /** No answer is an answer: `unknown`, with the reason. Never throws for it; the trust policy says what it means. */
  ask(question: RevocationQuestion): Promise<RevocationAnswer>;
}
