import { LadingError } from '../core/errors.ts';

/**
 * - `statement-faulty`: the signature over a statement does not verify with its own key; nothing was recorded
 * - `statement-lost` (retryable): a record that was there is not there any more
 * - `statement-damaged`: a record or its bundle is not what was recorded
 */
export type AttestationErrorCode = 'statement-faulty' | 'statement-lost' | 'statement-damaged';

export const attestationError = (code: AttestationErrorCode, message: string, cause?: unknown): LadingError =>
  new LadingError(code, message, { retryable: code === 'statement-lost', cause });
