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

/** Notifications that wait for the next digest of their channel. */
export interface DigestQueue {
  /** Idempotent: the same notification waits once. */
  add(channel: string, notification: Notification): Promise<void>;
  /** The oldest first, at most 500. */
  waiting(channel: string): Promise<readonly Notification[]>;
  remove(channel: string, notifications: readonly Notification[]): Promise<void>;
}
