import { type Item, queryAll, type Table } from '../../aws/table.ts';
import { locationKey } from '../../core/image-reference.ts';
import { parseJsonStrict } from '../../core/json.ts';
import { isEnded, runSchema, type ScannerRun } from '../runs/model.ts';
import type { RunBudget, RunStore } from '../runs/ports.ts';

/** Ended runs are history: they go after this. Seconds. */
const KEPT_SECONDS = 180 * 24 * 60 * 60;
const BUDGET_KEPT_SECONDS = 3 * 24 * 60 * 60;

const keyOf = (run: ScannerRun) => ({
  pk: `SCANNER-RUNS#${locationKey(run.subject)}`,
  sk: `${run.scanner}#${run.day}`,
});
const toRun = (item: Item): ScannerRun => runSchema.parse(parseJsonStrict(String(item.run), { what: 'a run' }));

/** One row for each run. The index lists those that are open by scanner, and those that ended by time. */
export function dynamoRunStore(table: Table): RunStore {
  const put = (run: ScannerRun, condition: Parameters<Table['put']>[1]): Promise<boolean> => {
    const { state } = run;
    const place = isEnded(state)
      ? { gsi1pk: 'SCANNER-RUNS-ENDED', gsi1sk: `${state.endedAt} ${run.scanner} ${run.subject.digest}` }
      : { gsi1pk: `SCANNER-RUNS-OPEN#${run.scanner}`, gsi1sk: `${orderOf(run)} ${run.subject.digest}` };
    const expiry = isEnded(state) ? { expiresAt: Math.floor(Date.parse(state.endedAt) / 1000) + KEPT_SECONDS } : {};
    return table.put(
      { ...keyOf(run), ...place, ...expiry, revision: run.revision, run: JSON.stringify(run) },
      condition,
    );
  };
  return {
    add: (run) => put(run, { expression: 'attribute_not_exists(pk)' }),
    save: (run) =>
      put(
        { ...run, revision: run.revision + 1 },
        { expression: 'revision = :read', values: { ':read': run.revision } },
      ),
    async of(image) {
      return (await Array.fromAsync(queryAll(table, { pk: `SCANNER-RUNS#${image}` }))).map(toRun);
    },
    async open(scanner, limit) {
      const { items } = await table.query({ pk: `SCANNER-RUNS-OPEN#${scanner}`, index: 'gsi1', limit });
      return items.map(toRun);
    },
    async ended(limit) {
      const { items } = await table.query({ pk: 'SCANNER-RUNS-ENDED', index: 'gsi1', limit, descending: true });
      return items.map(toRun);
    },
  };
}

/** What runs comes before what waits, and that by when it may go on. */
const orderOf = ({ state }: ScannerRun): string => (state.kind === 'waiting' ? `1 ${state.notBefore}` : '0');

/** Places are rows that one run holds until a time; a day's count is a number that grows under a condition. */
export function dynamoRunBudget(table: Table, now: () => Date): RunBudget {
  const pkOf = (scanner: string): string => `SCANNER-BUDGET#${scanner}`;
  return {
    async takePlace(scanner, runId, places, until) {
      const held = await Array.fromAsync(queryAll(table, { pk: pkOf(scanner), sortKey: { beginsWith: 'place#' } }));
      const own = held.find(({ owner }) => owner === runId);
      const order = Array.from({ length: places }, (_, place) => place);
      for (const place of own ? [Number(own.place), ...order] : order) {
        const taken = await table.put(
          {
            ...{ pk: pkOf(scanner), sk: `place#${String(place).padStart(3, '0')}`, place, owner: runId },
            ...{ until: until.getTime(), expiresAt: Math.ceil(until.getTime() / 1000) },
          },
          {
            expression: 'attribute_not_exists(pk) OR #owner = :owner OR #until <= :now',
            names: { '#owner': 'owner', '#until': 'until' },
            values: { ':owner': runId, ':now': now().getTime() },
          },
        );
        if (taken) return place;
      }
      return undefined;
    },
    async freePlace(scanner, runId, place) {
      await table.delete(
        { pk: pkOf(scanner), sk: `place#${String(place).padStart(3, '0')}` },
        { expression: '#owner = :owner', names: { '#owner': 'owner' }, values: { ':owner': runId } },
      );
    },
    async charge(scanner, day, most) {
      const counted = await table.update(
        { pk: pkOf(scanner), sk: `day#${day}` },
        {
          expression: 'ADD used :one SET expiresAt = :expiry',
          values: { ':one': 1, ':most': most, ':expiry': Math.floor(Date.parse(day) / 1000) + BUDGET_KEPT_SECONDS },
        },
        'attribute_not_exists(used) OR used < :most',
      );
      return counted !== undefined;
    },
  };
}
