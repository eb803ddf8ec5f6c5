import { ecrPlace } from '../storage/index.ts';
import { type CostKind, costKinds } from './model.ts';
import type { BillLine } from './read-bill.ts';
import type { CostReport } from './report-cost.ts';

export interface ReconciledLine {
  readonly kind: CostKind;
  readonly account: string;
  readonly region: string;
  /** Absent where the bill names no resources, or the kind has none. */
  readonly repository: string | undefined;
  readonly billedUsd: number;
  readonly ownUsd: number;
  /** Ours less the bill's. */
  readonly differenceUsd: number;
  /** As a share of what was billed; absent where nothing was. */
  readonly error: number | undefined;
  readonly state: 'matched' | 'differs' | 'only-billed' | 'only-ours';
  /** Ids of the bill's lines; at most twenty are named. */
  readonly lines: readonly string[];
  readonly lineCount: number;
}

export interface Reconciliation {
  readonly from: string;
  readonly until: string;
  /** What differs most first. */
  readonly lines: readonly ReconciledLine[];
  /** Taxes, credits, refunds and usage of ECR that is none of these kinds: told, and not compared. */
  readonly others: readonly { readonly what: string; readonly usd: number; readonly lineCount: number }[];
  readonly billedUsd: number;
  readonly ownUsd: number;
  /** Dollars of the bill on lines that match. */
  readonly matchedUsd: number;
  /** Dollars of the bill that our ledger does not explain: what is only billed, and by how much matching lines differ. */
  readonly unexplainedUsd: number;
  /** Lines of the bill that were compared, and such that lie outside of the time. */
  readonly billLines: number;
  readonly outside: number;
}

/** Within so much, or a cent, two amounts are the same: hours are rounded, and free tiers are not in list prices. */
const TOLERANCE = 0.05;
const CENT = 0.01;
const MOST_NAMED = 20;

/** Lambda and Inspector bill no repositories, so they are compared for an account and region as a whole. */
const PER_REPOSITORY: ReadonlySet<CostKind> = new Set<CostKind>(['storage', 'archive']);

/**
 * Compares a bill with our ledger, kind by kind, by account, region and, where the bill names resources, repository.
 *
 * @param report by repository
 */
export async function reconcileBill(bill: AsyncIterable<BillLine>, report: CostReport): Promise<Reconciliation> {
  const sums = new Map<string, Sum>();
  const sumOf = (kind: CostKind, account: string, region: string, repository: string | undefined): Sum => {
    const of = PER_REPOSITORY.has(kind) ? repository : undefined;
    const key = JSON.stringify([kind, account, region, of]);
    const sum = sums.get(key) ?? { kind, account, region, repository: of, billed: 0, own: 0, ids: [], count: 0 };
    sums.set(key, sum);
    return sum;
  };
  const others = new Map<string, { usd: number; lineCount: number }>();
  let [billLines, outside, named] = [0, 0, false];
  for await (const line of bill) {
    if (line.from < report.from.slice(0, 19) || line.from >= report.until) {
      outside++;
      continue;
    }
    billLines++;
    if (line.kind === 'other' || !/Usage$/.test(line.type)) {
      const what = line.kind === 'other' ? `${line.product} ${line.usageType}` : `${line.product} ${line.type}`;
      const other = others.get(what) ?? { usd: 0, lineCount: 0 };
      others.set(what, { usd: other.usd + line.usd, lineCount: other.lineCount + 1 });
      continue;
    }
    if (line.repository !== undefined) named = true;
    const sum = sumOf(line.kind, line.account, line.region, line.repository);
    sum.billed += line.usd;
    sum.count++;
    if (sum.ids.length < MOST_NAMED) sum.ids.push(line.id);
  }
  const accounts = new Set([...sums.values()].map(({ account }) => account));
  for (const { owner, parts } of report.lines) {
    const slash = owner.indexOf('/');
    const place = ecrPlace(slash < 0 ? owner : owner.slice(0, slash));
    if (place === undefined) continue;
    // A bill without accounts is the one of a single account.
    const account = accounts.size === 1 && accounts.has('') ? '' : place.account;
    for (const { kind, region, microUsd } of parts) {
      sumOf(kind, account, region, named ? owner.slice(slash + 1) : undefined).own += microUsd / 1e6;
    }
  }
  return summarise([...sums.values()], others, report, { billLines, outside });
}

interface Sum {
  readonly kind: CostKind;
  readonly account: string;
  readonly region: string;
  readonly repository: string | undefined;
  billed: number;
  own: number;
  readonly ids: string[];
  count: number;
}

function summarise(
  sums: readonly Sum[],
  others: ReadonlyMap<string, { readonly usd: number; readonly lineCount: number }>,
  { from, until }: CostReport,
  counts: { readonly billLines: number; readonly outside: number },
): Reconciliation {
  const lines = sums
    .map(judge)
    .sort(
      (a, b) =>
        Math.abs(b.differenceUsd) - Math.abs(a.differenceUsd) || costKinds.indexOf(a.kind) - costKinds.indexOf(b.kind),
    );
  const total = (of: (line: ReconciledLine) => number): number => lines.reduce((sum, line) => sum + of(line), 0);
  return {
    ...{ from, until, lines, ...counts },
    others: [...others].map(([what, other]) => ({ what, ...other })).sort((a, b) => Math.abs(b.usd) - Math.abs(a.usd)),
    billedUsd: total(({ billedUsd }) => billedUsd),
    ownUsd: total(({ ownUsd }) => ownUsd),
    matchedUsd: total(({ state, billedUsd }) => (state === 'matched' ? billedUsd : 0)),
    unexplainedUsd: total(({ billedUsd, ownUsd }) => Math.max(0, billedUsd - ownUsd)),
  };
}

function judge({ billed, own, ids, count, ...sum }: Sum): ReconciledLine {
  const difference = own - billed;
  const same = Math.abs(difference) <= Math.max(CENT, TOLERANCE * Math.max(billed, own));
  const state = same ? 'matched' : count === 0 ? 'only-ours' : own === 0 ? 'only-billed' : 'differs';
  return {
    ...sum,
    billedUsd: billed,
    ownUsd: own,
    differenceUsd: difference,
    error: billed === 0 ? undefined : difference / billed,
    state,
    lines: ids,
    lineCount: count,
  };
}
