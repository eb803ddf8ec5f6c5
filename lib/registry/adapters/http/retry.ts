import { setTimeout as delay } from 'node:timers/promises';
import { isLadingError } from '../../../core/errors.ts';
import { RegistryBusyError } from '../../errors.ts';

/** Randomness and waiting, as parameters: tests neither guess nor wait. */
export interface RetryOptions {
  readonly attempts?: number;
  readonly random?: () => number;
  readonly sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

const BASE_MS = 200;
const CEILING_MS = 10_000;
/** A registry that asks for more is not waited for: the queue's own delay is the better place. */
const LONGEST_RETRY_AFTER_MS = 30_000;

/**
 * Repeats what may be repeated: only errors that are `retryable`, with exponential back-off and full jitter, and never
 * before the time that the registry asked for.
 */
export async function withRetries<T>(
  work: (attempt: number) => Promise<T>,
  signal: AbortSignal | undefined,
  options: RetryOptions = {},
): Promise<T> {
  const {
    attempts = 4,
    random = Math.random,
    sleep = (ms, s) => delay(ms, undefined, s ? { signal: s } : {}),
  } = options;
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt);
    } catch (error) {
      const asked = error instanceof RegistryBusyError ? error.retryAfterMs : 0;
      const final = attempt >= attempts || asked > LONGEST_RETRY_AFTER_MS;
      if (final || signal?.aborted || !isLadingError(error) || !error.retryable) throw error;
      const backoff = random() * Math.min(CEILING_MS, BASE_MS * 2 ** attempt);
      await sleep(Math.max(asked, backoff), signal);
    }
  }
}

/** `Retry-After` in milliseconds: seconds or a date (RFC 9110, section 10.2.3). */
export function parseRetryAfter(header: string | undefined, now: Date): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now.getTime());
}
