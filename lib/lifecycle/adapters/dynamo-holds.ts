import { queryAll, type Table } from '../../aws/table.ts';
import type { Clock } from '../../core/clock.ts';
import type { RepositoryName } from '../../inventory/index.ts';
import { holdSchema } from '../model.ts';
import type { HoldStore } from '../ports.ts';

/*
 * Rows `hold#<digest>#<name>`, and in `guard#<digest>` the set of their names: a set is added to and taken from without
 * reading it first, so that a lease which comes at the same moment is never lost.
 */
const partition = (of: RepositoryName): string => `${of.registry}/${of.repository}`;

export function dynamoHolds(table: Table, clock: Clock): HoldStore {
  const guard = (of: RepositoryName, digest: string) => ({ pk: partition(of), sk: `guard#${digest}` });
  return {
    async holds(of) {
      const rows = await Array.fromAsync(queryAll(table, { pk: partition(of), sortKey: { beginsWith: 'hold#' } }));
      return rows.map((row) => holdSchema.parse(row));
    },
    async place(of, hold) {
      const values = { ':name': new Set([hold.name]), ':now': clock.now().toISOString() };
      const guarded = await table.update(
        guard(of, hold.digest),
        { expression: 'ADD holds :name', values },
        'attribute_not_exists(condemnedUntil) OR condemnedUntil < :now',
      );
      if (!guarded) return 'condemned';
      await table.put({ pk: partition(of), sk: `hold#${hold.digest}#${hold.name}`, ...hold });
      return 'held';
    },
    async lift(of, digest, name) {
      const values = { ':name': new Set([name]) };
      await table.update(guard(of, digest), { expression: 'DELETE holds :name', values }, 'attribute_exists(pk)');
      return await table.delete(
        { pk: partition(of), sk: `hold#${digest}#${name}` },
        { expression: 'attribute_exists(pk)' },
      );
    },
  };
}
