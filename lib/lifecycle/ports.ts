import type { Digest } from '../core/digest.ts';
import type { RepositoryName } from '../inventory/index.ts';
import type { Lease, Pulls } from './model.ts';

/** What holds digests of a repository back from deletion. */
export interface LeaseStore {
  leases(of: RepositoryName): Promise<readonly Lease[]>;
  /** `condemned`: too late, its deletion is under way. Holding again only ever lengthens a lease. */
  hold(of: RepositoryName, lease: Lease): Promise<'held' | 'condemned'>;
}

/**
 * Decides between a lease and a deletion that come at the same moment: of the two, exactly one is told yes. A sentence
 * ends by itself, so that a deletion that broke off does not stand in the way of whoever pushes the image again.
 */
export interface Tribunal {
  /** False where a lease is in force. */
  condemn(of: RepositoryName, digest: Digest): Promise<boolean>;
  /** Takes a sentence back. */
  reprieve(of: RepositoryName, digest: Digest): Promise<void>;
}

/** How long a deletion may take from its sentence, in ms; a retry asks for another one. */
export const SENTENCE_MS = 15 * 60 * 1000;

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
