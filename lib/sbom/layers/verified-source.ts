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
  const abandoned = new AbortController();
  const stop = signal ? AbortSignal.any([signal, abandoned.signal]) : abandoned.signal;
  let bytes = 0;
  let done = false;
  async function* run(): AsyncGenerator<Uint8Array> {
    while (bytes <= expected.size) {
      const next = await orAborted(inner.next(), stop);
      if (next.done) break;
      bytes += next.value.length;
      digester.update(next.value);
      // What is over the declared size is counted, and not handed on.
      yield bytes > expected.size
        ? next.value.subarray(0, Math.max(0, next.value.length - (bytes - expected.size)))
        : next.value;
    }
    done = true;
  }
  const iterator = run();
  const close = (): void => {
    if (!done) inner.return?.().catch(() => undefined);
    done = true;
    abandoned.abort(new LadingError('layer-abandoned', 'the rest of the layer is not wanted'));
  };
  return {
    [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }),
    async finish() {
      for (let next = await iterator.next(); !next.done; ) next = await iterator.next();
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

/** The signal also ends a wait for a source that does not look at it. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
