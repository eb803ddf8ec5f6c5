import { LadingError } from '../core/errors.ts';

/**
 * - `signer-unavailable` (retryable): the keeper of the key did not answer
 * - `key-unusable`: the key is of another kind than this code signs or verifies with
 * - `signature-faulty`: the signer's signature does not verify with its own public key; nothing was recorded
 */
export type SigningErrorCode = 'signer-unavailable' | 'key-unusable' | 'signature-faulty';

export const signingError = (
  code: SigningErrorCode,
  message: string,
  options: { readonly cause?: unknown; readonly hint?: string } = {},
): LadingError => new LadingError(code, message, { retryable: code === 'signer-unavailable', ...options });
