import { LadingError } from '../core/errors.ts';

export type NotificationErrorCode = 'notification-refused' | 'notification-undelivered';

export const notificationError = (
  code: NotificationErrorCode,
  message: string,
  options: { readonly cause?: unknown; readonly hint?: string } = {},
): LadingError => new LadingError(code, message, { retryable: code === 'notification-undelivered', ...options });
