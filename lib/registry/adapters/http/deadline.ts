import { registryError } from '../../errors.ts';

export interface Deadline {
  readonly signal: AbortSignal;
  /** Ends the watch. Must be called, or the timer goes on. */
  clear(): void;
}

/**
 * A signal that also aborts after `ms` milliseconds, so that a peer which sends a byte now and then cannot hold a
 * worker for ever.
 */
export function startDeadline(outer: AbortSignal | undefined, ms: number, what: string): Deadline {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(registryError('registry-unavailable', `${what} took longer than ${Math.round(ms / 1000)} s`));
  }, ms);
  const forward = (): void => controller.abort(outer?.reason);
  if (outer?.aborted) forward();
  outer?.addEventListener('abort', forward, { once: true });
  return {
    signal: controller.signal,
    clear: () => {
      clearTimeout(timer);
      outer?.removeEventListener('abort', forward);
    },
  };
}

const GRACE_MS = 60_000;
const SLOWEST_BYTES_PER_MS = 16;

/** Time that a transfer of so many bytes may take: a minute, and 16 KB/s. In milliseconds. */
export const transferTimeMs = (bytes: number): number =>
  Math.min(2 ** 31 - 1, GRACE_MS + Math.ceil(bytes / SLOWEST_BYTES_PER_MS));
