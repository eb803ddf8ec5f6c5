import { LadingError } from '../core/errors.ts';

/**
 * - `audit-contended` (retryable): too many others appended meanwhile
 * - `audit-damaged`: a row or segment cannot be read as what it should be
 * - `audit-tampered`: the trail is not what it was when it was sealed; nothing more is sealed over it
 */
export type AuditErrorCode = 'audit-contended' | 'audit-damaged' | 'audit-tampered';

export const auditError = (
  code: AuditErrorCode,
  message: string,
  options: { readonly cause?: unknown } = {},
): LadingError =>
  new LadingError(code, message, {
    retryable: code === 'audit-contended',
    ...(code === 'audit-contended' ? {} : { hint: 'run the check of the audit trail, which names the place' }),
    ...options,
  });
