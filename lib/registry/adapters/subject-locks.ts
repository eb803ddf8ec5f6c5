import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Table } from '../../aws/table.ts';
import type { Clock } from '../../core/clock.ts';
import { registryError } from '../errors.ts';
import type { SubjectLocks } from '../ports.ts';

/** Writers of one process, one after another. */
export function memorySubjectLocks(): SubjectLocks {
  const tails = new Map<string, Promise<unknown>>();
  return {
    async hold(subject, work) {
      const before = tails.get(subject) ?? Promise.resolve();
      const mine = before.then(work, work);
      tails.set(subject, mine);
      try {
        return await mine;
      } finally {
        if (tails.get(subject) === mine) tails.delete(subject);
      }
    },
  };
}

/** Longer than reading and writing an index of referrers may take; a writer that died blocks no longer. */
const LEASE_MS = 60_000;
const PATIENCE_MS = 30_000;

export interface DynamoSubjectLocksOptions {
  readonly table: Table;
  readonly clock: Clock;
  readonly sleep?: (ms: number) => Promise<unknown>;
  readonly random?: () => number;
}

/** One writer per subject over all processes: a lease in the table, kept by conditional writes. */
export function dynamoSubjectLocks(options: DynamoSubjectLocksOptions): SubjectLocks {
  const { table, clock, sleep = (ms) => delay(ms), random = Math.random } = options;
  const local = memorySubjectLocks();
  const holdLease = async <T>(subject: string, work: () => Promise<T>): Promise<T> => {
    const key = { pk: `WRITER#${subject}`, sk: 'LEASE' };
    const owner = randomUUID();
    const began = clock.now().getTime();
    for (let attempt = 0; ; attempt++) {
      const now = clock.now().getTime();
      const until = now + LEASE_MS;
      const lease = { owner, leaseUntil: until, expiresAt: Math.ceil(until / 1_000) + 3_600 };
      const taken = await table.put(
        { ...key, ...lease },
        { expression: 'attribute_not_exists(pk) OR leaseUntil <= :now', values: { ':now': now } },
      );
      if (taken) break;
      if (now - began > PATIENCE_MS) {
        throw registryError('registry-unavailable', `another writer holds the referrers of ${subject}`);
      }
      await sleep(random() * Math.min(1_000, 50 * 2 ** Math.min(attempt, 6)));
    }
    try {
      return await work();
    } finally {
      await table.update(
        key,
        {
          expression: 'SET leaseUntil = :over',
          names: { '#owner': 'owner' },
          values: { ':over': 0, ':owner': owner },
        },
        '#owner = :owner',
      );
    }
  };
  // In the process first, so that its own writers do not poll against each other.
  return { hold: (subject, work) => local.hold(subject, () => holdLease(subject, work)) };
}
