import type { Digest } from '../core/digest.ts';

/** By whom storage is counted. `account`: the AWS account of an ECR, the host of any other registry. */
export type OwnerBy =
  | 'image'
  | 'repository'
  | 'registry'
  | 'account'
  | 'team'
  /** The value of a label of the image. */
  | { readonly label: string };

/** Bytes of one owner, each blob once. */
export interface OwnerStorage {
  readonly owner: string;
  readonly images: number;
  /** All that its images need: what it would take with a store of its own. */
  readonly bytes: number;
  /** What nobody else holds: what would be freed if the owner went. */
  readonly unique: number;
  /** `bytes` less `unique`. */
  readonly shared: number;
  /** Each blob divided evenly among those who hold it. Adds up to what is stored, to the byte. */
  readonly fair: number;
  /** What was not there yet when it came: each blob counts for who brought it first. Adds up as well. */
  readonly added: number;
}

/** Blobs that the same owners hold together. */
export interface SharedGroup {
  /** At least two, by name. */
  readonly owners: readonly string[];
  readonly bytes: number;
  readonly blobs: number;
  /** What sharing saves: the bytes for each owner but one. */
  readonly saved: number;
  /** The largest one. */
  readonly largest: Digest;
}

export interface StorageReport {
  readonly at: string;
  /** The largest first. */
  readonly owners: readonly OwnerStorage[];
  /** What is stored, each blob once for each store. */
  readonly totalBytes: number;
  /** As if nothing were shared between owners. */
  readonly apartBytes: number;
  /** What saves most first. */
  readonly groups: readonly SharedGroup[];
  /** Groups beyond those that are listed. */
  readonly otherGroups: { readonly count: number; readonly bytes: number; readonly saved: number };
}
