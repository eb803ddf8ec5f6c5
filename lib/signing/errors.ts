import { LadingError } from '../core/errors.ts';

/**
 * - `signer-unavailable` (retryable): the keeper of the key did not answer
 * - `key-unusable`: the key is of another kind than this code signs or verifies with
 * - `key-locked`: the key is encrypted, and the password is missing or another
 * - `signature-faulty`: the signer's signature does not verify with its own public key; nothing was recorded
 * - `format-unsuitable`: the format cannot say what is asked of it
 * - `timestamp-unavailable` (retryable): the timestamp authority did not answer, or not to the question
 * - `identity-unavailable` (retryable): the certificate authority or log of keyless signing did not answer
 * - `trust-invalid`: trust material (a policy, a store, a root) cannot be used
 */
export type SigningErrorCode =
  | 'signer-unavailable'
  | 'key-unusable'
  | 'key-locked'
  | 'signature-faulty'
  | 'format-unsuitable'
  | 'timestamp-unavailable'
  | 'identity-unavailable'
  | 'trust-invalid';

const RETRYABLE: ReadonlySet<SigningErrorCode> = new Set([
  'signer-unavailable',
  'timestamp-unavailable',
  'identity-unavailable',
]);

export const signingError = (
  code: SigningErrorCode,
  message: string,
  options: { readonly cause?: unknown; readonly hint?: string } = {},
): LadingError => new LadingError(code, message, { retryable: RETRYABLE.has(code), ...options });
