import type { Digest } from '../core/digest.ts';
import type { EdgeSite } from './model.ts';

/** The sites that are known, those revoked included. */
export interface SiteStore {
  find(name: string): Promise<EdgeSite | undefined>;
  all(): Promise<readonly EdgeSite[]>;
  /** Puts `after` where `before` still stands; false where another process was first. */
  swap(before: EdgeSite | undefined, after: EdgeSite): Promise<boolean>;
}

/** What was last made for a site. */
export interface DesiredRecord {
  readonly generation: number;
  /** Hash of what it says, without number and times: equal is no news. */
  readonly content: Digest;
  readonly createdAt: string;
  readonly expiresAt: string;
  /** Documents: the envelope, and the names of its images. */
  readonly key: string;
  readonly namesKey: string;
  /** It is in the registry under its tags. */
  readonly published: boolean;
  /** What each of the last generations comes to at a site that has it whole, newest last. */
  readonly roots: readonly { readonly generation: number; readonly root: Digest; readonly key: string }[];
  readonly images: number;
  readonly bytes: number;
  /** Pins that do not fit and the like, in words. */
  readonly faults: readonly string[];
}

export interface DesiredStore {
  current(site: string): Promise<DesiredRecord | undefined>;
  /** Puts a record of the next generation; false where another process made that one. */
  advance(site: string, record: DesiredRecord): Promise<boolean>;
  /** Nothing where a later one is current. */
  markPublished(site: string, generation: number): Promise<void>;
}

export const siteStandings = ['acknowledged', 'behind', 'diverged'] as const;
export type SiteStanding = (typeof siteStandings)[number];

/** The last report that was taken in. */
export interface ReportRecord {
  readonly sequence: number;
  readonly at: string;
  readonly receivedAt: string;
  readonly generation: number;
  readonly merkleRoot: Digest;
  /** Of the envelope: the same report again is no replay, but a retry. */
  readonly envelope: Digest;
  /** `acknowledged`: it holds what the current state says; `behind`: what an earlier one says. */
  readonly standing: SiteStanding;
  readonly missing: number;
  readonly extra: number;
  readonly bytes: number;
  readonly budgetBytes: number;
  readonly provenEqualAt?: string | undefined;
  /** Documents: the envelope, and what is pulled there how often. */
  readonly key: string;
  readonly usageKey: string;
}

export interface ReportStore {
  last(site: string): Promise<ReportRecord | undefined>;
  /** False where one with this sequence or a later one was taken in. */
  accept(site: string, record: ReportRecord): Promise<boolean>;
}

/** Which tokens were used. */
export interface TokenLog {
  /** False where the token was used before. @param until it would be refused after that anyway */
  use(site: string, id: string, until: Date): Promise<boolean>;
}
