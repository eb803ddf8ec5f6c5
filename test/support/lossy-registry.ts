import { LadingError } from '../../lib/core/errors.ts';
import { withRetries } from '../../lib/registry/adapters/http/retry.ts';
import type { Registry } from '../../lib/registry/index.ts';

export interface Trouble {
  /** Share of calls that fail: half of them before they have an effect, half of them after. */
  readonly loss: number;
  /** Share of calls that are told to come again later, without effect. */
  readonly throttled: number;
  /** While it is true nothing answers. */
  readonly isParted: () => boolean;
  /** Share of calls after which the worker dies: it never makes another. */
  readonly crashes: number;
}

/**
 * A registry as one worker sees it over a bad network, until the worker dies. What fails is tried again as our client does,
 * without the waiting, so that what reaches the worker is what a client gives up on.
 */
export function lossyRegistry(registry: Registry, random: () => number, trouble: Trouble): Registry {
  let dead = false;
  const lost = (why: string): LadingError => new LadingError('registry-unavailable', why, { retryable: true });
  const call = async <T>(work: () => Promise<T>): Promise<T> => {
    if (dead) throw new LadingError('crash', 'this worker is dead');
    // Calls that are under way together come to their end in some order.
    for (let i = Math.floor(random() * 3); i > 0; i--) await Promise.resolve();
    if (trouble.isParted()) throw lost('no way through');
    if (random() < trouble.throttled) throw lost('too many requests');
    const fate = random();
    if (fate < trouble.loss / 2) throw lost('the request was lost');
    const result = await work();
    if (random() < trouble.crashes) {
      dead = true;
      throw new LadingError('crash', 'this worker died');
    }
    if (fate < trouble.loss) throw lost('the answer was lost');
    return result;
  };
  const wrap =
    <Args extends unknown[], Result>(method: (...args: Args) => Promise<Result>) =>
    (...args: Args): Promise<Result> =>
      withRetries(() => call(() => method(...args)), undefined, { random, sleep: async () => undefined });
  return {
    ...registry,
    getManifest: wrap(registry.getManifest),
    headManifest: wrap(registry.headManifest),
    headBlob: wrap(registry.headBlob),
    listReferrers: wrap(registry.listReferrers),
    putBlob: wrap(registry.putBlob),
    mountBlob: wrap(registry.mountBlob),
    putManifest: wrap(registry.putManifest),
    attachReferrer: wrap(registry.attachReferrer),
    async *openBlob(at, options) {
      await wrap(async () => undefined)();
      yield* registry.openBlob(at, options);
      await wrap(async () => undefined)();
    },
  };
}
