import { logger } from '../../lib/aws/telemetry.ts';
import { describeError, LadingError } from '../../lib/core/errors.ts';

/** Work of many parts, of which one that fails must not keep the rest from being done: it fails at its end. */
export function createAttempts(): {
  attempt(what: string, work: () => Promise<void>): Promise<void>;
  /** @throws LadingError `attempts-failed`, retryable, when any part failed */
  end(): void;
} {
  const failed: { readonly what: string; readonly error: unknown }[] = [];
  return {
    attempt: (what, work) =>
      work().catch((error: unknown) => {
        logger.error(`${what}: ${describeError(error)}`, error as Error);
        failed.push({ what, error });
      }),
    end() {
      const [first] = failed;
      if (first === undefined) return;
      const others = failed.length > 1 ? ` and ${failed.length - 1} more` : '';
      throw new LadingError('attempts-failed', `${first.what}${others} failed, and the rest was done`, {
        cause: first.error,
        retryable: true,
      });
    },
  };
}
