/**
 * An error that the user or an operator can act on: a stable `code`, a sentence that names what is wrong, and
 * (where there is one) a `hint` that says how to mend it.
 *
 * Expected outcomes are values, not exceptions; this is for what keeps the work from being done.
 */
export class LadingError extends Error {
  override readonly name: string = 'LadingError';
  readonly code: string;
  readonly hint: string | undefined;
  /** True where the same call may succeed later (throttling, timeouts, a lease held by another worker). */
  readonly retryable: boolean;

  constructor(
    code: string,
    message: string,
    options: { readonly cause?: unknown; readonly hint?: string; readonly retryable?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.retryable = options.retryable ?? false;
  }
}

/** Untrusted input crossed a cap of the security rules. It is an outcome of its own and never means "clean". */
export class LimitExceededError extends LadingError {
  override readonly name = 'LimitExceededError';
  readonly limit: string;

  constructor(limit: string, message: string) {
    super('limit-exceeded', message);
    this.limit = limit;
  }
}

export const isLadingError = (error: unknown, code?: string): error is LadingError =>
  error instanceof LadingError && (code === undefined || error.code === code);

/** One line for people: the message, and the hint where there is one. */
export function describeError(error: unknown): string {
  if (error instanceof LadingError) return error.hint ? `${error.message} (${error.hint})` : error.message;
  return error instanceof Error ? error.message : String(error);
}

/** For `switch` statements over tagged unions: a new member that is not handled fails to compile. */
export function unreachable(value: never): never {
  throw new LadingError('unreachable', `unexpected value ${JSON.stringify(value)}`);
}
