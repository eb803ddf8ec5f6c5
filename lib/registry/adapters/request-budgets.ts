import type { Table } from '../../aws/table.ts';
import type { Clock } from '../../core/clock.ts';
import type { RequestBudget } from '../ports.ts';

/*
 * A budget is one number: the time at which the requests that were granted so far are spent at the allowed rate (the
 * "theoretical arrival time" of ATM's generic cell rate algorithm). A second's worth may go at once.
 */
const BURST_MS = 1_000;
const KEPT_SECONDS = 3_600;
const ATTEMPTS = 20;

const waitOf = (spentAt: number, now: number): number => Math.max(0, Math.ceil(spentAt - BURST_MS - now));

/** For one process by itself. */
export function memoryBudget(clock: Clock): RequestBudget {
  const spent = new Map<string, number>();
  return {
    async take(name, perSecond) {
      const now = clock.now().getTime();
      const spentAt = Math.max(now, spent.get(name) ?? 0) + 1_000 / perSecond;
      spent.set(name, spentAt);
      return waitOf(spentAt, now);
    },
  };
}

/** Shared by all who use the table: a row per budget, moved by conditional writes alone. */
export function dynamoBudget(table: Table, clock: Clock): RequestBudget {
  return {
    async take(name, perSecond) {
      const key = { pk: `BUDGET#${name}`, sk: 'BUDGET' };
      const step = 1_000 / perSecond;
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const now = clock.now().getTime();
        const expiresAt = Math.floor(now / 1_000) + KEPT_SECONDS;
        // Either others have spent ahead of now, or nobody has: one of the two holds, unless others move it in between.
        const moved =
          (await table.update(
            key,
            {
              expression: 'SET spentAt = spentAt + :step, expiresAt = :expires',
              values: { ':step': step, ':now': now, ':expires': expiresAt },
            },
            'spentAt >= :now',
          )) ??
          (await table.update(
            key,
            {
              expression: 'SET spentAt = :first, expiresAt = :expires',
              values: { ':first': now + step, ':now': now, ':expires': expiresAt },
            },
            'attribute_not_exists(pk) OR spentAt < :now',
          ));
        if (moved) return waitOf(Number(moved['spentAt']), now);
      }
      // Crowded beyond reason: as long as it takes to be alone, about.
      return BURST_MS;
    },
  };
}
