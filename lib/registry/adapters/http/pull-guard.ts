import type { Clock } from '../../../core/clock.ts';
import { RegistryBusyError } from '../../errors.ts';
import type { PullLimit } from '../../ports.ts';
import { headerOf } from './answers.ts';
import type { HttpResponse } from './transport.ts';

/** Of a limit this part is left to people and builds that pull with the same account or address. */
const RESERVED_SHARE = 0.02;

export interface PullGuard {
  observe(response: HttpResponse): void;
  limit(): PullLimit | undefined;
  /**
   * To be called before a manifest is fetched, which is what registries count.
   *
   * @param refresh a request that is answered with the headers and counted as none (a HEAD)
   * @throws RegistryBusyError where too few pulls remain; it says after what time there is one more
   */
  admit(refresh: () => Promise<void>): Promise<void>;
}

/**
 * Keeps away from the end of a registry's pull limit, as Docker Hub tells it (Docker documentation, "Pull rate limit":
 * `ratelimit-limit: 100;w=21600`, `ratelimit-remaining: 20;w=21600`, also on HEAD requests, which do not count).
 */
export function createPullGuard(
  host: string,
  clock: Clock,
  report: ((host: string, limit: PullLimit) => void) | undefined,
): PullGuard {
  let known: PullLimit | undefined;
  const isLow = (): boolean => {
    if (known === undefined) return false;
    const isOld = known.at.getTime() + known.windowSeconds * 1000 <= clock.now().getTime();
    return !isOld && known.remaining <= Math.max(1, Math.floor(known.limit * RESERVED_SHARE));
  };
  return {
    observe(response) {
      const limit = parseCount(headerOf(response, 'ratelimit-limit'));
      const remaining = parseCount(headerOf(response, 'ratelimit-remaining'));
      const windowSeconds = limit?.windowSeconds ?? remaining?.windowSeconds;
      if (limit === undefined || remaining === undefined || windowSeconds === undefined) return;
      const isNews = known?.remaining !== remaining.count || known.limit !== limit.count;
      known = { limit: limit.count, remaining: remaining.count, windowSeconds, at: clock.now() };
      if (isNews) report?.(host, known);
    },
    limit: () => known,
    async admit(refresh) {
      if (!isLow()) return;
      await refresh();
      if (known === undefined || !isLow()) return;
      const { limit, remaining, windowSeconds } = known;
      throw new RegistryBusyError(
        `${host} allows ${remaining} more of ${limit} pulls in ${windowSeconds} s; the last ones are left to others`,
        Math.ceil((windowSeconds * 1000) / limit),
      );
    },
  };
}

function parseCount(
  header: string | undefined,
): { readonly count: number; readonly windowSeconds: number | undefined } | undefined {
  const match = /^(\d{1,9})\s*(?:;\s*w=(\d{1,9}))?/.exec(header ?? '');
  if (!match) return undefined;
  return { count: Number(match[1]), windowSeconds: match[2] === undefined ? undefined : Number(match[2]) };
}
