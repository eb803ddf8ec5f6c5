import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { type BudgetState, budgetAlerts, budgetCheck } from '../../../lib/cost/index.ts';
import { type EventBridgeEvent, type LadingEvent, publishable } from '../../../lib/events/index.ts';
import { describeEvent } from '../../../lib/notifications/describe-event.ts';
import { memoryLedger } from '../../../lib/work/adapters/memory-ledger.ts';
import { runStage } from '../../../lib/work/index.ts';

const state: BudgetState = {
  ...{ budget: 'payments', month: '2026-11', limitUsd: 100, spentUsd: 85, expectedUsd: 130, highUsd: 140 },
  ...{ reached: [0.8], willExceed: true, state: 'expected-over', owners: [{ owner: 'pay\u202e/a', usd: 85 }] },
};

describe('alerts of budgets', () => {
  it('are one for each share that was reached, and one for what is expected', () => {
    const told = (more: Partial<BudgetState>) => budgetAlerts([{ ...state, ...more }]).map(({ key }) => key.version);
    expect(told({})).toEqual(['2026-11 spent 0.8', '2026-11 expected 1']);
    expect(told({ reached: [0.8, 1], state: 'over' })).toEqual(['2026-11 spent 0.8', '2026-11 spent 1']);
    expect(told({ reached: [], willExceed: false, state: 'within' })).toEqual([]);
  });

  it('are told once a month each, however often somebody looks', async () => {
    const clock = manualClock('2026-11-20T10:00:00.000Z');
    const published: LadingEvent[] = [];
    const stage = {
      ledger: memoryLedger(clock),
      publisher: { publish: async (events: readonly LadingEvent[]) => void published.push(...events) },
      clock,
    };
    const look = async (states: readonly BudgetState[]) => {
      for (const { key, draft } of budgetAlerts(states)) {
        await runStage(stage, {
          key,
          owner: 'x',
          leaseMs: 1_000,
          cause: { root: 'tick' },
          perform: async () => [draft],
        });
      }
    };
    await look([state]);
    await look([state]);
    await look([{ ...state, month: '2026-12' }]);
    expect(published.map(({ detail }) => detail.data)).toMatchObject([
      { budget: 'payments', month: '2026-11', reason: 'spent', threshold: 0.8 },
      { month: '2026-11', reason: 'expected', threshold: 1, expectedUsd: 130 },
      { month: '2026-12', reason: 'spent' },
      { month: '2026-12', reason: 'expected' },
    ]);
    expect(new Set(published.map(({ detail }) => detail.metadata.id)).size).toBe(4);
  });

  it('become notifications without strangers’ tricks', () => {
    const [, expected] = budgetAlerts([state]);
    const event = publishable(expected?.draft ?? ({} as never), { root: 'tick' }, new Date());
    const told = describeEvent({
      ...{ id: 'x', source: event.source, 'detail-type': event.detailType, detail: event.detail },
      ...{ time: '2026-11-20T10:00:00Z', account: '1', region: 'r', resources: [], version: '0' },
    } as EventBridgeEvent);
    expect(told).toMatchObject({
      severity: 'warning',
      title: 'The budget payments is expected to be exceeded in 2026-11',
      subject: 'budget payments',
      lines: ['85.00 of 100.00 USD spent', '130.00 USD expected by the end of the month', 'pay /a: 85.00 USD'],
    });
  });

  it('are looked for every six hours', () => {
    expect(budgetCheck(new Date('2026-11-20T11:59:59Z'))).toEqual(budgetCheck(new Date('2026-11-20T06:00:00Z')));
    expect(budgetCheck(new Date('2026-11-20T12:00:00Z')).version).toBe('2026-11-20T12:00:00.000Z');
  });
});
