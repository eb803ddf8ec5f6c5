import type { Notification } from './model.ts';

/** A way to tell. */
export interface Channel {
  readonly name: string;
  /**
   * Resolves when the receiver took it.
   *
   * @throws LadingError `notification-refused` (the receiver, or an address that must not be called),
   *   `notification-undelivered` (retryable: no answer, throttled, 5xx)
   */
  send(notification: Notification): Promise<void>;
}
