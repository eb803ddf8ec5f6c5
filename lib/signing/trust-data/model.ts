import type { TufDialect, TufTarget } from '../../formats/tuf/index.ts';

export type TrustDataFault =
  /** The root is not the pinned one, and not signed by it either. */
  | 'root-untrusted'
  /** Too few of the role's keys signed. */
  | 'threshold-not-met'
  | 'expired'
  /** Older than what was seen before: someone plays back what was true once. */
  | 'rollback'
  /** Not the file that the one above it names: parts of different times are mixed. */
  | 'mix-and-match'
  | 'missing'
  | 'malformed';

/** What was seen last time: nothing older is accepted. */
export interface SeenVersions {
  readonly root?: number;
  readonly timestamp?: number;
  readonly snapshot?: number;
  readonly targets?: number;
}

export interface TrustDataInput {
  readonly dialect: TufDialect;
  /** The metadata by file name: `2.root.json`, `timestamp.json`, `targets/releases.json`. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** A root that is trusted; newer ones must be signed by it, step by step. */
  readonly pinnedRoot?: Uint8Array;
  /** Identifiers of root keys that are trusted, instead of a root. */
  readonly pinnedRootKeys?: readonly string[];
  readonly seen?: SeenVersions;
}

export interface SignedTarget extends TufTarget {
  readonly name: string;
  /** `targets`, or the name of the delegation. */
  readonly role: string;
  /** Identifiers of the keys that signed for the role. */
  readonly signedBy: readonly string[];
}

export type TrustDataVerdict =
  | {
      readonly kind: 'valid';
      readonly versions: Required<SeenVersions>;
      /** The earliest of all. */
      readonly expires: Date;
      readonly targets: readonly SignedTarget[];
      /** How the root is trusted: because it was pinned, or for want of anything better. */
      readonly root: 'pinned' | 'first-use';
    }
  | { readonly kind: 'invalid'; readonly reason: TrustDataFault; readonly file: string; readonly detail: string };
