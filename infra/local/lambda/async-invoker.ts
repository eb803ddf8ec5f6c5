import { randomUUID } from 'node:crypto';
import type { LocalFunction, LocalFunctions } from './local-functions.ts';
import type { Outcome } from './model.ts';

/** Sends to a queue, bus or function by its ARN. */
export interface Destinations {
  deliver(arn: string, body: string, attributes?: Readonly<Record<string, string>>): void;
}

export interface AsyncOptions {
  readonly functions: LocalFunctions;
  readonly destinations: Destinations;
  /** Milliseconds before the first and second retry. AWS waits one and two minutes. */
  readonly retryDelaysMs: readonly [number, number];
  readonly onChange: () => void;
}

/**
 * Asynchronous invocation: the caller does not wait; a function that fails is tried again twice (or as its
 * EventInvokeConfig says), then the event goes to its failure destination and its dead-letter queue.
 */
export class AsyncInvoker {
  readonly #options: AsyncOptions;
  readonly #timers = new Set<NodeJS.Timeout>();
  #pending = 0;
  #closed = false;

  constructor(options: AsyncOptions) {
    this.#options = options;
  }

  /** Events that have not yet succeeded or been given up. */
  get pending(): number {
    return this.#pending;
  }

  /** @throws LadingError `function-unknown` */
  invoke(functionArn: string, event: unknown): string {
    const fn = this.#options.functions.find(functionArn);
    const requestId: string = randomUUID();
    this.#pending++;
    void this.#attempt(fn, event, requestId, 1);
    return requestId;
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#pending -= this.#timers.size;
    this.#timers.clear();
  }

  async #attempt(fn: LocalFunction, event: unknown, requestId: string, attempt: number): Promise<void> {
    const { functions, retryDelaysMs } = this.#options;
    const outcome = await functions.invoke(fn, event, 'async', requestId);
    const config = functions.asyncConfigs.get(fn.definition.arn);
    if (outcome.kind === 'error' && attempt <= (config?.maximumRetries ?? 2) && !this.#closed) {
      const timer = setTimeout(
        () => {
          this.#timers.delete(timer);
          void this.#attempt(fn, event, requestId, attempt + 1);
        },
        retryDelaysMs[attempt - 1],
      );
      this.#timers.add(timer);
      return;
    }
    this.#conclude(fn, event, requestId, attempt, outcome);
    this.#pending--;
    this.#options.onChange();
  }

  #conclude(fn: LocalFunction, event: unknown, requestId: string, attempt: number, outcome: Outcome): void {
    const { functions, destinations } = this.#options;
    const { arn, deadLetterArn } = fn.definition;
    const config = functions.asyncConfigs.get(arn);
    const destination = outcome.kind === 'error' ? config?.onFailureArn : config?.onSuccessArn;
    if (destination !== undefined) {
      destinations.deliver(destination, JSON.stringify(invocationRecord(arn, event, requestId, attempt, outcome)));
    }
    if (outcome.kind === 'error' && deadLetterArn !== undefined) {
      // The attributes that Lambda puts on a dead letter ("Adding a dead-letter queue").
      destinations.deliver(deadLetterArn, JSON.stringify(event), {
        RequestID: requestId,
        ErrorCode: '200',
        ErrorMessage: outcome.error.errorMessage.slice(0, 1024),
      });
    }
  }
}

/** The record that goes to a destination ("Capturing records of Lambda asynchronous invocations"). */
function invocationRecord(arn: string, event: unknown, requestId: string, attempt: number, outcome: Outcome): unknown {
  const failed = outcome.kind === 'error';
  return {
    version: '1.0',
    timestamp: new Date().toISOString(),
    requestContext: {
      requestId,
      functionArn: `${arn}:$LATEST`,
      condition: failed ? 'RetriesExhausted' : 'Success',
      approximateInvokeCount: attempt,
    },
    requestPayload: event,
    responseContext: {
      statusCode: 200,
      executedVersion: '$LATEST',
      ...(failed ? { functionError: 'Unhandled' } : {}),
    },
    responsePayload: failed ? outcome.error : JSON.parse(outcome.payload),
  };
}
