import { z } from 'zod';

/** What went wrong in a function, in Lambda's words. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace: readonly string[];
}

/** How an invocation ended. Durations in milliseconds, start of the worker not counted. */
export type Outcome =
  | { readonly kind: 'success'; readonly payload: string; readonly durationMs: number }
  | {
      readonly kind: 'error';
      /** `handled`: the handler threw; `timeout`; `crash`: the worker died; `init`: the code could not be loaded. */
      readonly reason: 'handled' | 'timeout' | 'crash' | 'init' | 'throttled';
      readonly error: FunctionError;
      readonly durationMs: number;
    };

export type InvocationSource = 'queue' | 'async' | 'http' | 'direct';

/** One invocation, after it ended: for the progress view and for tests. */
export interface InvocationReport {
  readonly functionName: string;
  readonly requestId: string;
  readonly source: InvocationSource;
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly outcome: 'success' | 'handled' | 'timeout' | 'crash' | 'init' | 'throttled';
  readonly error?: string;
  /** Messages of the batch that the function reported as failed. */
  readonly failedItems?: number;
}

export interface FunctionMetrics {
  readonly invocations: number;
  readonly errors: number;
  readonly running: number;
  /** Invocations that wait for a sandbox. */
  readonly waiting: number;
  readonly totalDurationMs: number;
  readonly maxDurationMs: number;
}

const error = z.object({ errorType: z.string(), errorMessage: z.string(), trace: z.array(z.string()) });

/** What a worker says; handlers share its port, so anything else that arrives is ignored. */
export const workerMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('init-error'), error }),
  z.object({ type: z.literal('result'), requestId: z.string(), payload: z.string() }),
  z.object({ type: z.literal('error'), requestId: z.string(), error }),
]);

/** Kills sandboxes, at random (see `killRandomly`) or at a moment that a test has named. */
export interface Chaos {
  /** Milliseconds into the invocation at which its worker is to be killed, or undefined to spare it. */
  killAfter(): number | undefined;
  /** Told of each invocation that begins, with the way to kill its worker; what it returns is called at the end. */
  onStart?(kill: () => Promise<void>): () => void;
}

/**
 * Kills the worker of an invocation with the given probability, at a moment spread evenly over `withinMs`.
 *
 * @param random numbers in [0, 1), for instance seeded
 */
export function killRandomly(options: {
  readonly probability: number;
  readonly withinMs: number;
  readonly random: () => number;
}): Chaos {
  return {
    killAfter: () => (options.random() < options.probability ? options.random() * options.withinMs : undefined),
  };
}
