import { type Clock, systemClock } from '../../core/clock.ts';
import type { Digest } from '../../core/digest.ts';
import { groupBy } from '../../core/group-by.ts';
import type { RepositoryName } from '../../inventory/index.ts';
import type { Lease } from '../model.ts';
import { type LeaseStore, type PlanLog, SENTENCE_MS, type Tribunal, type UsageStore } from '../ports.ts';

const key = (of: RepositoryName): string => `${of.registry}/${of.repository}`;

export function memoryRetention(clock: Clock = systemClock): LeaseStore & Tribunal & PlanLog & UsageStore {
  const held: { readonly of: string; readonly lease: Lease }[] = [];
  const plans = new Map<string, { readonly key: string; readonly plannedAt: string }>();
  const sentences = new Map<string, number>();
  const since = new Map<string, string>();
  const pulls = new Map<string, Map<Digest, string>>();
  return {
    leases: async (of) =>
      groupBy(
        held,
        (row) => row.of,
        (row) => row.lease,
      ).get(key(of)) ?? [],
    async hold(of, lease) {
      if ((sentences.get(`${key(of)}@${lease.digest}`) ?? 0) > clock.now().getTime()) return 'condemned';
      held.push({ of: key(of), lease });
      return 'held';
    },
    async condemn(of, digest) {
      const now = clock.now();
      const isHeld = held.some(
        (row) => row.of === key(of) && row.lease.digest === digest && row.lease.until > now.toISOString(),
      );
      if (!isHeld) sentences.set(`${key(of)}@${digest}`, now.getTime() + SENTENCE_MS);
      return !isHeld;
    },
    reprieve: async (of, digest) => void sentences.delete(`${key(of)}@${digest}`),
    record: async (of, plan) => void plans.set(key(of), plan),
    last: async (of) => plans.get(key(of)),
    async pulled(of, { digest, pulledAt }) {
      const last = pulls.get(key(of)) ?? new Map<Digest, string>();
      pulls.set(key(of), last);
      if (pulledAt > (last.get(digest) ?? '')) last.set(digest, pulledAt);
      if (pulledAt < (since.get(of.registry) ?? '~')) since.set(of.registry, pulledAt);
    },
    async pulls(of) {
      const told = since.get(of.registry);
      return told === undefined ? undefined : { since: told, last: new Map(pulls.get(key(of))) };
    },
  };
}
