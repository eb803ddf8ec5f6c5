import { queryAll, type Table } from '../../aws/table.ts';
import type { Clock } from '../../core/clock.ts';
import { parseDigest } from '../../core/digest.ts';
import type { RepositoryName } from '../../inventory/index.ts';
import type { Pulls } from '../model.ts';
import { type RetentionStore, SENTENCE_MS } from '../ports.ts';
import { dynamoHolds } from './dynamo-holds.ts';
import { dynamoQuarantine } from './dynamo-quarantine.ts';
import { dynamoRestores } from './dynamo-restores.ts';

/*
 * Rows under `registry/repository`: `lease#<digest>#<reason>` with a time to live, `pull#<digest>` and `use#<digest>` with
 * the latest one, `guard#<digest>`, where leases, holds and deletion meet under one condition, and `plan`, the last one
 * made. Under `registry`: `pulls` and `uses`, the earliest that it told of. Under `collectors`: when each last reported.
 * Holds, quarantine and restores have adapters of their own beside this one, in the same partitions.
 */
const partition = (of: RepositoryName): string => `${of.registry}/${of.repository}`;

const guard = (of: RepositoryName, digest: string) => ({ pk: partition(of), sk: `guard#${digest}` });

const NOT_HELD =
  '(attribute_not_exists(heldUntil) OR heldUntil < :now) AND attribute_not_exists(holds) AND (attribute_not_exists(condemnedUntil) OR condemnedUntil < :now OR condemnedBy = :by)';

/** The latest time of each digest, and since when there has been any. */
function dynamoTimes(table: Table, kind: 'pull' | 'use') {
  return {
    async note(of: RepositoryName, digest: string, at: string): Promise<void> {
      const values = { ':at': at };
      const row = { pk: partition(of), sk: `${kind}#${digest}`, digest, at };
      const names = { '#at': 'at' };
      await table.put(row, { expression: 'attribute_not_exists(pk) OR #at < :at', names, values });
      const told = { pk: of.registry, sk: `${kind}s`, since: at };
      await table.put(told, { expression: 'attribute_not_exists(pk) OR since > :at', values });
    },
    async all(of: RepositoryName): Promise<Pulls | undefined> {
      const told = await table.get({ pk: of.registry, sk: `${kind}s` });
      if (!told) return undefined;
      const rows = queryAll(table, { pk: partition(of), sortKey: { beginsWith: `${kind}#` } });
      const last = new Map<ReturnType<typeof parseDigest>, string>();
      // Rows of pulls before this version call the time `pulledAt`.
      for await (const row of rows) last.set(parseDigest(String(row.digest)), String(row.at ?? row.pulledAt));
      return { since: String(told.since), last };
    },
  };
}

export function dynamoRetention(table: Table, clock: Clock): RetentionStore {
  const pulls = dynamoTimes(table, 'pull');
  const uses = dynamoTimes(table, 'use');
  return {
    ...dynamoHolds(table, clock),
    ...dynamoQuarantine(table),
    ...dynamoRestores(table, clock),
    pulled: (of, { digest, pulledAt }) => pulls.note(of, digest, pulledAt),
    pulls: pulls.all,
    used: (of, { digest, usedAt }) => uses.note(of, digest, usedAt),
    uses: uses.all,
    async reported(collector, at) {
      const row = { pk: 'collectors', sk: collector, at };
      const newer = {
        expression: 'attribute_not_exists(pk) OR #at < :at',
        names: { '#at': 'at' },
        values: { ':at': at },
      };
      await table.put(row, newer);
    },
    async lastReport(collector) {
      const row = await table.get({ pk: 'collectors', sk: collector });
      return row && String(row.at);
    },
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
    async condemn(of, digest, by) {
      const now = clock.now();
      const until = new Date(now.getTime() + SENTENCE_MS).toISOString();
      const change = {
        expression: 'SET condemnedUntil = :until, condemnedBy = :by',
        values: { ':until': until, ':now': now.toISOString(), ':by': by },
      };
      return (await table.update(guard(of, digest), change, NOT_HELD)) !== undefined;
    },
    async reprieve(of, digest, by) {
      const change = { expression: 'REMOVE condemnedUntil, condemnedBy', values: { ':by': by } };
      await table.update(guard(of, digest), change, 'condemnedBy = :by');
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
