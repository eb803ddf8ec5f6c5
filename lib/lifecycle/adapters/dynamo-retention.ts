import { queryAll, type Table } from '../../aws/table.ts';
import { parseDigest } from '../../core/digest.ts';
import type { RepositoryName } from '../../inventory/index.ts';
import type { LeaseStore, PlanLog } from '../ports.ts';

/* Rows under `registry/repository`: `lease#<digest>#<reason>` with a time to live, and `plan`, the last one made. */
const partition = (of: RepositoryName): string => `${of.registry}/${of.repository}`;

export function dynamoRetention(table: Table): LeaseStore & PlanLog {
  return {
    async leases(of) {
      const rows = await Array.fromAsync(queryAll(table, { pk: partition(of), sortKey: { beginsWith: 'lease#' } }));
      return rows.map((row) => ({
        digest: parseDigest(String(row.digest)),
        reason: String(row.reason),
        until: String(row.until),
      }));
    },
    async hold(of, lease) {
      const expiresAt = Math.ceil(Date.parse(lease.until) / 1000);
      await table.put({ pk: partition(of), sk: `lease#${lease.digest}#${lease.reason}`, ...lease, expiresAt });
    },
    async record(of, plan) {
      await table.put({ pk: partition(of), sk: 'plan', ...plan });
    },
    async last(of) {
      const row = await table.get({ pk: partition(of), sk: 'plan' });
      return row ? { key: String(row.key), plannedAt: String(row.plannedAt) } : undefined;
    },
  };
}
