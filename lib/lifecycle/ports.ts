import type { RepositoryName } from '../inventory/index.ts';
import type { Lease } from './model.ts';

/** What holds digests of a repository back from deletion. */
export interface LeaseStore {
  leases(of: RepositoryName): Promise<readonly Lease[]>;
  hold(of: RepositoryName, lease: Lease): Promise<void>;
}

/** The plan that was last made for each repository. */
export interface PlanLog {
  record(
    of: RepositoryName,
    plan: { readonly key: string; readonly plannedAt: string; readonly expire: number },
  ): Promise<void>;
  last(of: RepositoryName): Promise<{ readonly key: string; readonly plannedAt: string } | undefined>;
}
