import { budgetExceeded, draftEvent, type EventDraft } from '../events/index.ts';
import type { WorkKey } from '../work/index.ts';
import type { BudgetState } from './check-budgets.ts';

/** Something that is told once: the key says of what. */
export interface BudgetAlert {
  readonly key: WorkKey;
  readonly draft: EventDraft;
}

/**
 * What there is to tell of budgets: each share of one that was reached, and that it is expected to be exceeded. Each is
 * told once a month; what was spent cannot come back, and an expectation that comes and goes is told at its first.
 */
export function budgetAlerts(states: readonly BudgetState[]): readonly BudgetAlert[] {
  return states.flatMap((state) => {
    const alert = (reason: 'spent' | 'expected', threshold: number): BudgetAlert => ({
      key: {
        subject: `budget ${state.budget}`,
        stage: 'budget-alert',
        version: `${state.month} ${reason} ${threshold}`,
      },
      draft: draftEvent(budgetExceeded, {
        ...{ budget: state.budget, month: state.month, reason, threshold },
        ...{ limitUsd: state.limitUsd, spentUsd: state.spentUsd },
        ...(state.expectedUsd === undefined ? {} : { expectedUsd: state.expectedUsd }),
        owners: state.owners.map(({ owner, usd }) => ({ owner: owner.slice(0, 500), usd })),
      }),
    });
    // Once it is spent, nobody need be told that it was going to be.
    const expected = state.willExceed && state.state !== 'over' ? [alert('expected', 1)] : [];
    return [...state.reached.map((at) => alert('spent', at)), ...expected];
  });
}

/** So often are budgets looked at, whatever a sweep's schedule: the catalogue and the trail of a month are read for it. */
const CHECK_MS = 6 * 3_600_000;

/** The look at budgets that is due at a time: done once in its stretch. */
export const budgetCheck = (now: Date): WorkKey => ({
  subject: 'budgets',
  stage: 'budget-check',
  version: new Date(Math.floor(now.getTime() / CHECK_MS) * CHECK_MS).toISOString(),
});
