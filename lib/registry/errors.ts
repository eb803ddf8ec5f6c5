import { LadingError } from '../core/errors.ts';

/**
 * Codes of the errors of this capability.
 *
 * - `registry-unknown`: no entry of the configuration names the host
 * - `registry-denied`: 401 or 403 after the credentials were tried
 * - `registry-unavailable` (retryable): throttled, timed out, 5xx, connection lost
 * - `registry-protocol`: an answer that the distribution specification does not allow
 * - `registry-refused`: the registry did not accept what was pushed or deleted
 * - `address-blocked`: an address or host outside the allow-list of the registry's entry; nothing was sent there
 * - `manifest-unknown`, `blob-unknown`, `repository-unknown`: it is not there
 * - `tag-immutable`: the tag exists, points elsewhere and must not be moved
 * - `digest-mismatch`, `size-mismatch`: the content is not what was promised
 * - `source-invalid`, `reference-unknown`: a layout or archive cannot be read, or does not hold the reference
 */
export type RegistryErrorCode =
  | 'registry-unknown'
  | 'registry-denied'
  | 'registry-unavailable'
  | 'registry-protocol'
  | 'registry-refused'
  | 'address-blocked'
  | 'manifest-unknown'
  | 'blob-unknown'
  | 'repository-unknown'
  | 'tag-immutable'
  | 'digest-mismatch'
  | 'size-mismatch'
  | 'source-invalid'
  | 'reference-unknown';

export function registryError(
  code: RegistryErrorCode,
  message: string,
  options: { readonly cause?: unknown; readonly hint?: string; readonly retryable?: boolean } = {},
): LadingError {
  return new LadingError(code, message, { retryable: code === 'registry-unavailable', ...options });
}

/** The registry could not answer now; the same call may succeed later, and not before `retryAfterMs` have passed. */
export class RegistryBusyError extends LadingError {
  override readonly name = 'RegistryBusyError';
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs = 0) {
    super('registry-unavailable', message, { retryable: true });
    this.retryAfterMs = retryAfterMs;
  }
}
