import { randomUUID } from 'node:crypto';
import type { Table } from '../../aws/table.ts';
import type { Clock } from '../../core/clock.ts';
import type { CopySlots } from '../ports.ts';

/** Whoever died blocks its slot no longer than this; who lives says so a few times in between. */
const LEASE_MS = 90_000;

/** A row for each slot of a target, held by a lease and conditional writes; beside the work ledger, whose table it shares. */
export function dynamoSlots(table: Table, clock: Clock): CopySlots {
  return {
    async take(target, most) {
      const owner = randomUUID();
      const leaseOf = () => {
        const now = clock.now().getTime();
        return { owner, leaseUntil: now + LEASE_MS, expiresAt: Math.ceil((now + LEASE_MS) / 1_000) + 3_600, now };
      };
      for (let slot = 0; slot < most; slot++) {
        const key = { pk: `SLOTS#${target}`, sk: String(slot).padStart(4, '0') };
        const { now, ...lease } = leaseOf();
        const isFree = { expression: 'attribute_not_exists(pk) OR leaseUntil <= :now', values: { ':now': now } };
        if (!(await table.put({ ...key, ...lease }, isFree))) continue;
        const isMine = { expression: '#owner = :owner', names: { '#owner': 'owner' }, values: { ':owner': owner } };
        return {
          async keep() {
            const { now: _now, ...again } = leaseOf();
            await table.put({ ...key, ...again }, isMine);
          },
          release: async () => void (await table.delete(key, isMine)),
        };
      }
      return undefined;
    },
  };
}
