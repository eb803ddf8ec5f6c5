import type { Digest } from '../core/digest.ts';
import type { ImageLocation } from '../core/image-reference.ts';

/** One manifest that Lading put, or is about to put, into a registry as a copy. */
export interface ReplicaRecord {
  readonly target: ImageLocation;
  readonly source: ImageLocation;
  /** The image whose copying brought it along; the digest itself for the image. */
  readonly root: Digest;
  /** The index that it was made of, with fewer platforms; absent for what is the same document as its source. */
  readonly derivedFrom?: Digest;
  readonly state: 'intended' | 'complete';
  readonly intendedAt: string;
  readonly completedAt?: string;
}

export interface RepositoryAddress {
  readonly registry: string;
  readonly repository: string;
}

/** Who wins where a tag was moved at both sides since they last agreed; see `decide-tag.ts`. */
export type ConflictRule = 'source' | 'target' | 'newest' | 'report';

export interface ReplicationRequest {
  readonly source: ImageLocation;
  readonly target: RepositoryAddress;
  /** Tags to set at the target, last of all, if the source still has them on the image. */
  readonly tags: readonly string[];
  /** Tags to set whatever the source calls the image: somebody chose them. */
  readonly names?: readonly string[];
  /** Repositories of the target registry that may hold the same blobs, best first. */
  readonly mountFrom?: readonly string[];
  /** Reads every manifest and asks for every blob, also of what is known to have arrived whole: what a repair must do. */
  readonly thorough?: boolean;
  /** @default 'source' */
  readonly conflict?: ConflictRule;
}

export type TagLeft = 'moved-at-source' | 'immutable-at-target' | 'conflict' | 'kept-by-rule';

/** What a copy did, as far as it came. */
export interface CopyCounts {
  /** Blobs and manifests that the target did not hold, in bytes. */
  readonly bytesMoved: number;
  readonly blobsCopied: number;
  readonly blobsMounted: number;
  readonly blobsSkipped: number;
  readonly manifestsCopied: number;
  readonly manifestsSkipped: number;
}

export type ReplicationResult =
  | ({
      readonly kind: 'replicated';
      readonly mediaType: string;
      readonly tags: readonly string[];
      /** Tags that were left as they are, and why. */
      readonly tagsLeft: readonly { readonly tag: string; readonly why: TagLeft }[];
      /** False where some referrer of the source could not be listed or read, and was not copied. */
      readonly complete: boolean;
    } & CopyCounts)
  /** The source does not hold the image any more. */
  | { readonly kind: 'source-missing' }
  /** The source holds the image without parts of it; nothing was pushed that names them. */
  | { readonly kind: 'source-incomplete'; readonly missing: readonly Digest[] }
  /** Time was up; what arrived stays, what is half there can be gone on with. No tag was set. */
  | { readonly kind: 'paused'; readonly bytesMoved: number; readonly bytesLeft: number }
  /** More bytes are missing than this worker takes on; nothing was pushed. */
  | { readonly kind: 'too-large'; readonly bytesMissing: number };

/** What a look at a replica found, in the words of the event `Replica Diverged`. */
export type ReplicaCheck =
  | { readonly kind: 'equal' }
  | { readonly kind: 'source-missing' }
  | { readonly kind: 'missing'; readonly detail: string }
  | {
      readonly kind: 'diverged';
      readonly difference: 'incomplete' | 'tag-moved' | 'corrupted' | 'extra';
      readonly detail: string;
    };
