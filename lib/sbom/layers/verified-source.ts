import { createDigester, type Digest, digestAlgorithm } from '../../core/digest.ts';
import { LadingError } from '../../core/errors.ts';

/** A blob that is hashed and counted as it is read, whoever reads it. */
export interface VerifiedSource extends AsyncIterable<Uint8Array> {
  /** Reads what is left and says whether the whole was what the descriptor promised. */
  finish(): Promise<BlobCheck>;
  /** Lets go of the blob at once, also while somebody waits for its next bytes: that wait is rejected. */
  abandon(): void;
}

export type BlobCheck =
  | { readonly status: 'matches' }
  | {
      readonly status: 'differs';
      readonly what: 'digest' | 'size';
      readonly expected: string;
      readonly actual: string;
    };

/**
 * Never reads further than one byte over the declared size. A reader that stops early does not close the source, so that
 * `finish` can still tell a damaged transfer from a damaged layer.
 */
export function verifySource(
  source: AsyncIterable<Uint8Array>,
  expected: { readonly digest: Digest; readonly size: number },
  signal: AbortSignal | undefined,
): VerifiedSource {
  const digester = createDigester(digestAlgorithm(expected.digest));
  const inner = source[Symbol.asyncIterator]();
  const stop = createStop(signal);
  let bytes = 0;
  let done = false;
  const close = (): void => {
    if (!done) inner.return?.().catch(() => undefined);
    done = true;
    stop.now(new LadingError('layer-abandoned', 'the rest of the layer is not wanted'));
  };
  const next = async (): Promise<IteratorResult<Uint8Array, undefined>> => {
    if (done || bytes > expected.size) return { done: true, value: undefined };
    const step = await stop.orStopped(inner.next());
    if (step.done) {
      done = true;
      stop.disarm();
      return { done: true, value: undefined };
    }
    bytes += step.value.length;
    digester.update(step.value);
    // What is over the declared size is counted, and not handed on.
    const surplus = Math.max(0, bytes - expected.size);
    return { done: false, value: surplus > 0 ? step.value.subarray(0, step.value.length - surplus) : step.value };
  };
  return {
    [Symbol.asyncIterator]: () => ({ next }),
    async finish() {
      for (let step = await next(); !step.done; ) step = await next();
      stop.disarm();
      if (bytes !== expected.size) {
        if (bytes > expected.size) inner.return?.().catch(() => undefined);
        const actual = bytes > expected.size ? `more than ${expected.size}` : String(bytes);
        return { status: 'differs', what: 'size', expected: String(expected.size), actual };
      }
      const actual = digester.digest();
      if (actual !== expected.digest) return { status: 'differs', what: 'digest', expected: expected.digest, actual };
      return { status: 'matches' };
    },
    abandon: close,
  };
}

interface Stop {
  /** The work's result, or a rejection with the reason as soon as there is one: for a source that looks at no signal. */
  orStopped<T>(work: Promise<T>): Promise<T>;
  now(reason: unknown): void;
  /** Leaves the signal alone from here on. */
  disarm(): void;
}

/** One listener for the whole blob: to add and remove one for every chunk costs more than hashing it. */
function createStop(signal: AbortSignal | undefined): Stop {
  let stopped: { readonly reason: unknown } | undefined;
  let rejectWait: ((reason: unknown) => void) | undefined;
  const now = (reason: unknown): void => {
    stopped ??= { reason };
    signal?.removeEventListener('abort', onAbort);
    rejectWait?.(stopped.reason);
  };
  const onAbort = (): void => now(signal?.reason);
  if (signal?.aborted) onAbort();
  else signal?.addEventListener('abort', onAbort, { once: true });
  return {
    orStopped: (work) =>
      new Promise((resolve, reject) => {
        rejectWait = reject;
        if (stopped) reject(stopped.reason);
        work.then(resolve, reject);
      }),
    now,
    disarm: () => signal?.removeEventListener('abort', onAbort),
  };
}
