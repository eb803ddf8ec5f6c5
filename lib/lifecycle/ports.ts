import type { Digest } from '../core/digest.ts';
import type { ImageLocation } from '../core/image-reference.ts';
import type { RepositoryName } from '../inventory/index.ts';
import type { RetentionConfig } from './config.ts';
import type { Hold, Judgement, Lease, Pulls, Quarantine, RestoredTag } from './model.ts';

/** What holds digests of a repository back from deletion. */
export interface LeaseStore {
  leases(of: RepositoryName): Promise<readonly Lease[]>;
  /** `condemned`: too late, its deletion is under way. Holding again only ever lengthens a lease. */
  hold(of: RepositoryName, lease: Lease): Promise<'held' | 'condemned'>;
}

/** Leases without an end. */
export interface HoldStore {
  holds(of: RepositoryName): Promise<readonly Hold[]>;
  /** Idempotent; another hold of the same name on the same digest is replaced. */
  place(of: RepositoryName, hold: Hold): Promise<'held' | 'condemned'>;
  /** False where there was none of that name. */
  lift(of: RepositoryName, digest: Digest, name: string): Promise<boolean>;
}

/**
 * Decides between a lease and a deletion that come at the same moment: of the two, exactly one is told yes. A sentence
 * ends by itself, so that a deletion that broke off does not stand in the way of whoever pushes the image again.
 */
export interface Tribunal {
  /** False where a lease or a hold is in force, or somebody else condemned it. @param by who deletes, the same in a retry */
  condemn(of: RepositoryName, digest: Digest, by: string): Promise<boolean>;
  /** Takes a sentence of one's own back. */
  reprieve(of: RepositoryName, digest: Digest, by: string): Promise<void>;
}

/** How long a deletion may take from its sentence, in ms; a retry asks for another one. */
export const SENTENCE_MS = 15 * 60 * 1000;

/** What is set aside. */
export interface QuarantineStore {
  quarantined(of: RepositoryName): Promise<readonly Quarantine[]>;
  /** False where the root is set aside already. */
  quarantine(of: RepositoryName, quarantine: Quarantine): Promise<boolean>;
  /** The root that a digest was set aside with, if it was. */
  quarantineOf(at: ImageLocation): Promise<Quarantine | undefined>;
  /** Ends it, and remembers since when its tags had named what they name. Idempotent. */
  endQuarantine(of: RepositoryName, quarantine: Quarantine, restored: readonly RestoredTag[]): Promise<void>;
  restoredTags(of: RepositoryName): Promise<readonly RestoredTag[]>;
}

/** When images were last pulled, as far as registries tell, and last seen to run, as far as anybody reports. */
export interface UsageStore {
  /** Keeps the latest pull of a digest, and since when its registry has told of pulls at all. */
  pulled(of: RepositoryName, pull: { readonly digest: Digest; readonly pulledAt: string }): Promise<void>;
  /** Undefined for a registry that never told of a pull. */
  pulls(of: RepositoryName): Promise<Pulls | undefined>;
  /** The same for what runs. */
  used(of: RepositoryName, use: { readonly digest: Digest; readonly usedAt: string }): Promise<void>;
  uses(of: RepositoryName): Promise<Pulls | undefined>;
}

/** Who reports what runs, and when each last did. */
export interface CollectorLog {
  reported(collector: string, at: string): Promise<void>;
  /** When it last reported all that it sees; undefined: never. */
  lastReport(collector: string): Promise<string | undefined>;
}

/** The plan that was last made for each repository. */
export interface PlanLog {
  record(
    of: RepositoryName,
    plan: { readonly key: string; readonly plannedAt: string; readonly expire: number },
  ): Promise<void>;
  last(of: RepositoryName): Promise<{ readonly key: string; readonly plannedAt: string } | undefined>;
}

/** Restores that pulls asked for: each once at a time, and only so many a day. */
export interface RestoreLog {
  /**
   * `begun`: whoever asks is the first, and is to see to it. `under-way`: somebody else has, within `UNDER_WAY_MS`.
   * `spent`: the limits of the day are used up.
   */
  begin(
    of: RepositoryName,
    restore: { readonly digest: Digest; readonly bytes: number },
    limits: RestoreLimits,
  ): Promise<'begun' | 'under-way' | 'spent'>;
}

export type RestoreLimits = Pick<RetentionConfig['restore'], 'maxPerDay' | 'maxPerRepositoryPerDay' | 'maxBytesPerDay'>;

/** A restore that was not done after so long, in ms, is asked for again. */
export const UNDER_WAY_MS = 15 * 60 * 1000;

/** What gate and scan say of an image. Asked only where a rule wants to know. */
export interface Judgements {
  of(image: ImageLocation): Promise<Judgement>;
}

/** All that retention remembers. */
export type RetentionStore = LeaseStore &
  HoldStore &
  Tribunal &
  QuarantineStore &
  UsageStore &
  CollectorLog &
  PlanLog &
  RestoreLog;
