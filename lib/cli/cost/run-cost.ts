import { type Reconciliation, reconcileBill } from '../../cost/index.ts';
import { getJson } from '../api-client.ts';
import { connect } from '../connection.ts';
import { answerNo } from '../exit-code.ts';
import { type Cell, printJson, say } from '../output.ts';
import { printTable } from '../table.ts';
import { type CostWish, fetchCost } from './fetch-cost.ts';
import { monthOf } from './month.ts';
import { readBillFiles } from './read-bill-files.ts';
import { budgetsAnswer, forecastAnswer } from './shapes.ts';

type Output = 'table' | 'json';
const usd = (value: number | undefined): string => (value === undefined ? '' : value.toFixed(4));

/** What the present month will cost. */
export async function runForecast(
  wish: CostWish & { readonly owner?: string | undefined; readonly output: Output },
  owners: URLSearchParams,
): Promise<void> {
  if (wish.owner !== undefined) owners.set('owner', wish.owner);
  const forecast = await getJson(connect(wish), `/api/cost/forecast?${owners}`, forecastAnswer);
  if (wish.output === 'json') return printJson(forecast);
  printTable(
    ['MONTH', 'UNTIL NOW', 'EXPECTED', 'LOW', 'HIGH', 'CONFIDENCE'],
    [
      [
        ...[forecast.month, usd(forecast.soFarUsd), usd(forecast.expectedUsd), usd(forecast.lowUsd)],
        ...[
          usd(forecast.highUsd),
          forecast.short === undefined ? `${Math.round(forecast.confidence * 100)} %` : 'none',
        ],
      ],
    ],
  );
  say(forecast.method);
  if (forecast.short !== undefined) say(`no interval: ${forecast.short}`);
}

const states: Readonly<Record<string, Cell>> = {
  within: { text: 'within', style: 'green' },
  warned: { text: 'warned', style: 'yellow' },
  'expected-over': { text: 'expected over', style: 'yellow' },
  over: { text: 'over', style: 'red' },
};

/** Where each budget stands; says no where one is exceeded. */
export async function runBudgets(wish: CostWish & { readonly output: Output }): Promise<void> {
  const { budgets } = await getJson(connect(wish), '/api/cost/budgets', budgetsAnswer);
  if (budgets.some(({ state }) => state === 'over')) answerNo();
  if (wish.output === 'json') return printJson({ budgets });
  if (budgets.length === 0) return say('there are no budgets: name some in the setting cost.budgets');
  printTable(
    ['BUDGET', 'MONTH', 'LIMIT', 'SPENT', 'EXPECTED', 'REACHED', 'STATE'],
    budgets.map((one) => [
      ...[one.budget, one.month, usd(one.limitUsd), usd(one.spentUsd), usd(one.expectedUsd)],
      one.reached.map((at) => `${Math.round(at * 100)} %`).join(' '),
      states[one.state] ?? one.state,
    ]),
  );
}

/** Compares bills with the ledger; says no where more than a twentieth of the bill is unexplained. */
export async function runReconcile(
  files: readonly string[],
  wish: CostWish & { readonly month?: string | undefined; readonly output: Output; readonly failAbove: number },
): Promise<void> {
  const report = await fetchCost(wish, monthOf(wish.month, new Date()), new URLSearchParams({ by: 'repository' }));
  const found = await reconcileBill(readBillFiles(files), report);
  const share = found.billedUsd > 0 ? found.unexplainedUsd / found.billedUsd : 0;
  if (share * 100 > wish.failAbove) answerNo();
  if (wish.output === 'json') return printJson(found);
  printReconciliation(found, share);
}

const reconciledStates: Readonly<Record<string, Cell>> = {
  matched: { text: 'matched', style: 'green' },
  differs: { text: 'differs', style: 'yellow' },
  'only-billed': { text: 'only billed', style: 'red' },
  'only-ours': { text: 'only ours', style: 'yellow' },
};

function printReconciliation(found: Reconciliation, share: number): void {
  printTable(
    ['KIND', 'ACCOUNT', 'REGION', 'REPOSITORY', 'BILLED', 'OURS', 'ERROR', 'STATE', 'LINES'],
    found.lines.map((line) => [
      ...[line.kind, line.account, line.region, line.repository ?? '', usd(line.billedUsd), usd(line.ownUsd)],
      line.error === undefined ? '' : `${(line.error * 100).toFixed(1)} %`,
      reconciledStates[line.state] ?? line.state,
      String(line.lineCount),
    ]),
  );
  for (const { what, usd: amount, lineCount } of found.others) {
    say(`not compared: ${what}, ${amount.toFixed(4)} USD in ${lineCount} lines`);
  }
  if (found.outside > 0) say(`${found.outside} lines are of another time`);
  say(
    `${found.billedUsd.toFixed(4)} USD billed, ${found.ownUsd.toFixed(4)} by our ledger; ${found.matchedUsd.toFixed(4)} matched, ` +
      `${found.unexplainedUsd.toFixed(4)} (${(share * 100).toFixed(1)} %) unexplained`,
  );
}
