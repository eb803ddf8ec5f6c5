import { LadingError } from '../core/errors.ts';

export type EdgeErrorCode =
  /** The envelope is not what it says, or no key that is trusted made its signature. */
  | 'edge-signature-invalid'
  /** Signed, and yet not to be read as what it should be. */
  | 'edge-document-invalid'
  /** The site is not registered, or it was revoked. */
  | 'site-unknown'
  | 'site-exists'
  /** What the operator says of a site cannot be used. */
  | 'site-invalid'
  /** Another process changed the site in the meantime. Retryable. */
  | 'site-busy';

export const edgeError = (
  code: EdgeErrorCode,
  message: string,
  options: { readonly cause?: unknown; readonly hint?: string; readonly retryable?: boolean } = {},
): LadingError => new LadingError(code, message, options);
