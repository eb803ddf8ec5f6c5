import { compileGlobs } from '../core/glob.ts';
import type { OwnerBy } from '../storage/index.ts';
import type { Budget } from './config.ts';
import { type CostForecast, forecastCost } from './forecast-cost.ts';
import type { ChargePorts } from './gather-charges.ts';
import { msOfMonth } from './prices.ts';
import { type CostReport, type CostSettings, reportCost } from './report-cost.ts';

export interface BudgetState {
  readonly budget: string;
  /** The calendar month, `2026-03`. */
  readonly month: string;
  readonly limitUsd: number;
  readonly spentUsd: number;
  /** By the end of the month; absent where nothing could be forecast. */
  readonly expectedUsd: number | undefined;
  readonly highUsd: number | undefined;
  /** Shares of the budget that were reached. */
  readonly reached: readonly number[];
  /** The month is expected to end over the budget. */
  readonly willExceed: boolean;
  readonly state: 'within' | 'warned' | 'expected-over' | 'over';
  /** Who spent most of it; at most ten. */
  readonly owners: readonly { readonly owner: string; readonly usd: number }[];
}

const MOST_OWNERS = 10;

/** Where each budget stands in the present month. */
export async function checkBudgets(
  ports: ChargePorts,
  now: Date,
  settings: CostSettings,
): Promise<readonly BudgetState[]> {
  const start = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1);
  const until = Math.max(start + 1, now.getTime());
  const reports = new Map<string, { readonly report: CostReport; readonly forecast: CostForecast }>();
  const states: BudgetState[] = [];
  for (const budget of settings.cost.budgets) {
    const by = ownerOf(budget);
    const key = JSON.stringify(by);
    const known = reports.get(key) ?? {
      report: await reportCost(ports, { from: start, until }, by, settings),
      forecast: await forecastCost(ports, now, by, settings),
    };
    reports.set(key, known);
    states.push(judgeBudget(budget, known.report, known.forecast, (until - start) / msOfMonth(start)));
  }
  return states;
}

const ownerOf = ({ by = 'repository', label }: Budget): OwnerBy => (by === 'label' ? { label: label ?? '' } : by);

/** Pure. What all are expected to spend is divided among owners as what they spent. */
export function judgeBudget(
  budget: Budget,
  report: CostReport,
  forecast: CostForecast | undefined,
  passed: number,
): BudgetState {
  const fits = compileGlobs(budget.owners);
  const owners = report.lines
    .filter(({ owner }) => fits(owner))
    .map(({ owner, microUsd }) => ({ owner, usd: microUsd / 1e6 }));
  const spent = owners.reduce((sum, { usd }) => sum + usd, 0);
  const all = report.total.microUsd / 1e6;
  const share = all > 0 ? spent / all : 0;
  const expected =
    forecast && forecast.short === undefined ? forecast.expectedUsd * share : passed > 0 ? spent / passed : undefined;
  const high = forecast && forecast.short === undefined ? forecast.highUsd * share : undefined;
  const reached = [...budget.alertAt].sort((a, b) => a - b).filter((at) => spent >= at * budget.monthlyUsd);
  const willExceed = budget.forecast && expected !== undefined && expected > budget.monthlyUsd;
  const over = spent > budget.monthlyUsd;
  return {
    budget: budget.name,
    month: report.from.slice(0, 7),
    limitUsd: budget.monthlyUsd,
    spentUsd: spent,
    expectedUsd: expected,
    highUsd: high,
    reached,
    willExceed,
    state: over ? 'over' : willExceed ? 'expected-over' : reached.length > 0 ? 'warned' : 'within',
    owners: owners.slice(0, MOST_OWNERS),
  };
}
