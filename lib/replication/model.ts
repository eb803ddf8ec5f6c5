import type { Digest } from '../core/digest.ts';
import type { ImageLocation } from '../core/image-reference.ts';

/** One manifest that Lading put, or is about to put, into a registry as a copy. */
export interface ReplicaRecord {
  readonly target: ImageLocation;
  readonly source: ImageLocation;
  /** The image whose copying brought it along; the digest itself for the image. */
  readonly root: Digest;
  readonly state: 'intended' | 'complete';
  readonly intendedAt: string;
  readonly completedAt?: string;
}

export interface RepositoryAddress {
  readonly registry: string;
  readonly repository: string;
}

export interface ReplicationRequest {
  readonly source: ImageLocation;
  readonly target: RepositoryAddress;
  /** Tags to set at the target, last of all. */
  readonly tags: readonly string[];
  /** Repositories of the target registry that may hold the same blobs, best first. */
  readonly mountFrom?: readonly string[];
}

export type ReplicationResult =
  | {
      readonly kind: 'replicated';
      readonly mediaType: string;
      /** Blobs and manifests that the target did not hold, in bytes. */
      readonly bytesMoved: number;
      readonly blobsCopied: number;
      readonly blobsMounted: number;
      readonly blobsSkipped: number;
      readonly manifestsCopied: number;
      readonly manifestsSkipped: number;
      readonly tags: readonly string[];
      /** Tags that were left as they are, and why. */
      readonly tagsLeft: readonly { readonly tag: string; readonly why: 'moved-at-source' | 'immutable-at-target' }[];
      /** False where some referrer of the source could not be listed or read, and was not copied. */
      readonly complete: boolean;
    }
  /** The source does not hold the image any more. */
  | { readonly kind: 'source-missing' }
  /** The source holds the image without parts of it; nothing was pushed that names them. */
  | { readonly kind: 'source-incomplete'; readonly missing: readonly Digest[] };

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
