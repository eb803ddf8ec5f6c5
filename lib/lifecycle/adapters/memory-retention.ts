import { groupBy } from '../../core/group-by.ts';
import type { RepositoryName } from '../../inventory/index.ts';
import type { Lease } from '../model.ts';
import type { LeaseStore, PlanLog } from '../ports.ts';

const key = (of: RepositoryName): string => `${of.registry}/${of.repository}`;

export function memoryRetention(): LeaseStore & PlanLog {
  const held: { readonly of: string; readonly lease: Lease }[] = [];
  const plans = new Map<string, { readonly key: string; readonly plannedAt: string }>();
  return {
    leases: async (of) =>
      groupBy(
        held,
        (row) => row.of,
        (row) => row.lease,
      ).get(key(of)) ?? [],
    hold: async (of, lease) => void held.push({ of: key(of), lease }),
    record: async (of, plan) => void plans.set(key(of), plan),
    last: async (of) => plans.get(key(of)),
  };
}
