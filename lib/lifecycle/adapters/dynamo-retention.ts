import { queryAll, type Table } from '../../aws/table.ts';
import type { Clock } from '../../core/clock.ts';
import { parseDigest } from '../../core/digest.ts';
import type { RepositoryName } from '../../inventory/index.ts';
import { type LeaseStore, type PlanLog, SENTENCE_MS, type Tribunal, type UsageStore } from '../ports.ts';

/*
 * Rows under `registry/repository`: `lease#<digest>#<reason>` with a time to live, `pull#<digest>` with the latest
 * pull, `guard#<digest>`, where lease and deletion meet under one condition, and `plan`, the last one made. Under `registry`: `pulls`, the earliest pull that it told of.
 */
const partition = (of: RepositoryName): string => `${of.registry}/${of.repository}`;

const guard = (of: RepositoryName, digest: string) => ({ pk: partition(of), sk: `guard#${digest}` });

export function dynamoRetention(table: Table, clock: Clock): LeaseStore & Tribunal & PlanLog & UsageStore {
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
      const now = clock.now().toISOString();
      const guarded = await table.update(
        guard(of, lease.digest),
        {
          expression: 'SET heldUntil = :until',
          values: { ':until': lease.until, ':now': now },
        },
        '(attribute_not_exists(condemnedUntil) OR condemnedUntil < :now) AND (attribute_not_exists(heldUntil) OR heldUntil < :until)',
      );
      // Either it is condemned, or another lease holds it for longer.
      if (!guarded && String((await table.get(guard(of, lease.digest)))?.condemnedUntil ?? '') >= now)
        return 'condemned';
      const expiresAt = Math.ceil(Date.parse(lease.until) / 1000);
      const row = { pk: partition(of), sk: `lease#${lease.digest}#${lease.reason}`, ...lease, expiresAt };
      // An event that comes late must not shorten a lease that was renewed since.
      await table.put(row, {
        expression: 'attribute_not_exists(pk) OR #until < :until',
        names: { '#until': 'until' },
        values: { ':until': lease.until },
      });
      return 'held';
    },
    async condemn(of, digest) {
      const now = clock.now();
      const until = new Date(now.getTime() + SENTENCE_MS).toISOString();
      const change = {
        expression: 'SET condemnedUntil = :until',
        values: { ':until': until, ':now': now.toISOString() },
      };
      return (
        (await table.update(guard(of, digest), change, 'attribute_not_exists(heldUntil) OR heldUntil < :now')) !==
        undefined
      );
    },
    async reprieve(of, digest) {
      await table.update(guard(of, digest), { expression: 'REMOVE condemnedUntil' }, 'attribute_exists(pk)');
    },
    async pulled(of, { digest, pulledAt }) {
      const values = { ':at': pulledAt };
      const row = { pk: partition(of), sk: `pull#${digest}`, digest, pulledAt };
      await table.put(row, { expression: 'attribute_not_exists(pk) OR pulledAt < :at', values });
      const told = { pk: of.registry, sk: 'pulls', since: pulledAt };
      await table.put(told, { expression: 'attribute_not_exists(pk) OR since > :at', values });
    },
    async pulls(of) {
      const told = await table.get({ pk: of.registry, sk: 'pulls' });
      if (!told) return undefined;
      const rows = await Array.fromAsync(queryAll(table, { pk: partition(of), sortKey: { beginsWith: 'pull#' } }));
      return {
        since: String(told.since),
        last: new Map(rows.map((row) => [parseDigest(String(row.digest)), String(row.pulledAt)])),
      };
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
