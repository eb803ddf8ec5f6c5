import type { Digest } from '../../core/digest.ts';
import type { Selectable } from '../../selection/index.ts';
import type { EdgeBlob, PlacementReason, ScoreTerm } from '../model.ts';

/** What is known of how an image is used. Times are ISO 8601. */
export interface Signals {
  readonly pushedAt: string;
  /** Last pull and last sight of it running, anywhere. */
  readonly pulledAt?: string | undefined;
  readonly usedAt?: string | undefined;
}

/** An image of the hub, with its closed graph. */
export interface Candidate {
  readonly repository: string;
  readonly tags: readonly string[];
  readonly digest: Digest;
  /** Children before parents; referrers after what they are about. */
  readonly manifests: readonly EdgeBlob[];
  readonly blobs: readonly EdgeBlob[];
  /** Whether the gate lets it go out. */
  readonly allowed: boolean;
  readonly verdict?: Digest | undefined;
  readonly content: Omit<Selectable, 'tags'>;
  readonly signals: Signals;
}

/** What is known of a site at this moment. */
export interface SiteView {
  /** Files that are there: they need not come over the link. */
  readonly held: ReadonlySet<Digest>;
  /** Roots that run there. */
  readonly inUse: ReadonlySet<Digest>;
  /** Pulls a day there, by `repository@digest`. */
  readonly pullsPerDay: ReadonlyMap<string, number>;
  /** Of the state before, by `repository@digest`. */
  readonly before: ReadonlySet<string>;
}

export interface Placed {
  readonly candidate: Candidate;
  readonly reason: PlacementReason;
  readonly score: number;
  readonly terms: readonly ScoreTerm[];
  /** What it adds to what is placed before it. */
  readonly marginalBytes: number;
  /** Of them, those that have to come over the link. */
  readonly transferBytes: number;
}

export type PassedOverReason = 'banned' | 'not-allowed' | 'out-of-scope' | 'no-room' | 'too-little-worth';

export interface PassedOver {
  readonly candidate: Candidate;
  readonly why: PassedOverReason;
  readonly score?: number;
  readonly terms?: readonly ScoreTerm[];
}

/** What was wished and cannot be. */
export interface PlacementFault {
  readonly kind: 'does-not-fit' | 'matches-nothing' | 'banned' | 'not-allowed' | 'out-of-scope' | 'late' | 'unreadable';
  /** The pin, the deadline, or what runs there. */
  readonly wish: string;
  /** `repository@digest`, where it is about one. */
  readonly image?: string;
  readonly detail: string;
}

export interface Placement {
  readonly placed: readonly Placed[];
  readonly passedOver: readonly PassedOver[];
  readonly faults: readonly PlacementFault[];
  /** Of all files, each once; never over the budget. */
  readonly bytes: number;
}

export const candidateKey = ({ repository, digest }: Pick<Candidate, 'repository' | 'digest'>): string =>
  `${repository}@${digest}`;
