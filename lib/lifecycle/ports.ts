import type { Digest } from '../core/digest.ts';
import type { RepositoryName } from '../inventory/index.ts';
import type { Lease, Pulls } from './model.ts';

/** What holds digests of a repository back from deletion. */
export interface LeaseStore {
  leases(of: RepositoryName): Promise<readonly Lease[]>;
  hold(of: RepositoryName, lease: Lease): Promise<void>;
}

/** When images were last pulled, as far as registries tell. */
export interface UsageStore {
  /** Keeps the latest pull of a digest, and since when its registry has told of pulls at all. */
  pulled(of: RepositoryName, pull: { readonly digest: Digest; readonly pulledAt: string }): Promise<void>;
  /** Undefined for a registry that never told of a pull. */
  pulls(of: RepositoryName): Promise<Pulls | undefined>;
}

/** The plan that was last made for each repository. */
export interface PlanLog {
  record(
    of: RepositoryName,
    plan: { readonly key: string; readonly plannedAt: string; readonly expire: number },
  ): Promise<void>;
  last(of: RepositoryName): Promise<{ readonly key: string; readonly plannedAt: string } | undefined>;
}
