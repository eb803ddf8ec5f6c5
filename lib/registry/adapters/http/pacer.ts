import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../../core/clock.ts';
import type { RequestBudget } from '../../ports.ts';

/** Requests of a kind that a registry has a quota for. */
export interface PacedRequest {
  readonly method: string;
  readonly path: string;
}

/** Keeps requests within a registry's quotas. */
export interface Pacer {
  before(request: PacedRequest, signal: AbortSignal | undefined): Promise<void>;
  after(request: PacedRequest, status: number): void;
}

export interface PacerOptions {
  /** Names the budget: a registry's quota is one over all who speak to it. */
  readonly host: string;
  /** The action that a request is, and how many a second are allowed; `undefined` where there is no quota. */
  readonly quotaOf: (request: PacedRequest) => { readonly action: string; readonly perSecond: number } | undefined;
  readonly budget: RequestBudget;
  readonly clock: Clock;
  readonly sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

/** After being throttled, requests of that kind are paced for so long. Milliseconds. */
const PACED_MS = 60_000;

/**
 * Sends freely until the registry throttles a kind of request, and for a minute after that only what the budget, which
 * all processes share, allows: the usual push costs nothing, and a rush is divided among those who take part in it.
 */
export function createPacer(options: PacerOptions): Pacer {
  const { host, quotaOf, budget, clock } = options;
  const sleep = options.sleep ?? ((ms, signal) => delay(ms, undefined, signal ? { signal } : {}));
  const pacedUntil = new Map<string, number>();
  return {
    async before(request, signal) {
      const quota = quotaOf(request);
      if (quota === undefined) return;
      if ((pacedUntil.get(quota.action) ?? 0) <= clock.now().getTime()) return;
      const wait = await budget.take(`${host} ${quota.action}`, quota.perSecond);
      if (wait > 0) await sleep(wait, signal);
    },
    after(request, status) {
      if (status !== 429) return;
      const action = quotaOf(request)?.action;
      if (action !== undefined) pacedUntil.set(action, clock.now().getTime() + PACED_MS);
    },
  };
}
