import type { Digest } from '../core/digest.ts';
import type { ImageLocation } from '../core/image-reference.ts';
import type { CatalogEntry, RepositoryName, TagBinding } from './model.ts';

export interface CatalogReader {
  find(at: ImageLocation): Promise<CatalogEntry | undefined>;
  /** Every manifest of a repository that is not deleted; as asked for, those that are archived or deleted as well. */
  entries(
    of: RepositoryName,
    options?: { readonly deleted?: boolean; readonly archived?: boolean },
  ): AsyncIterable<CatalogEntry>;
  /** Every tag of a repository, deleted ones (without digest) included. */
  tags(of: RepositoryName): AsyncIterable<TagBinding>;
  tag(of: RepositoryName, tag: string): Promise<TagBinding | undefined>;
  /** Indexes that list the digest as a child. */
  parentsOf(at: ImageLocation): Promise<readonly Digest[]>;
  /** Manifests whose subject the digest is. */
  referrersOf(at: ImageLocation): Promise<readonly Digest[]>;
  /** Every place where the digest was ever catalogued, replicas included. */
  placesOf(digest: Digest): Promise<readonly ImageLocation[]>;
  /** Those of which everything is deleted included. */
  repositories(): AsyncIterable<RepositoryName>;
  /** Newest first by time of push. */
  recent(limit: number): Promise<readonly CatalogEntry[]>;
}

/** A manifest or a tag whose row may have changed; what it says now is read from the catalogue. */
export type CatalogChange =
  | { readonly kind: 'manifest'; readonly digest: Digest }
  | { readonly kind: 'tag'; readonly tag: string };

/** What was written to the catalogue of late; notes of it are kept for eight days. */
export interface CatalogChanges {
  /** Those of a repository, noted at that time or later by the clock of whoever wrote; one may come several times. */
  changes(of: RepositoryName, since: Date): AsyncIterable<CatalogChange>;
}

export interface CatalogWriter {
  /** Enters or completes an entry, with its relations to children and subject. Idempotent; keeps `firstSeenAt`. */
  enter(entry: CatalogEntry): Promise<void>;
  /** `older` when the catalogue already knows a later binding of the tag. */
  bindTag(binding: TagBinding): Promise<'bound' | 'older'>;
  /** The entry stays, as evidence that the image existed. */
  markDeleted(at: ImageLocation, deletedAt: string): Promise<void>;
  /** A whole copy lies in the archive; undefined: it no longer does. Nothing for a digest that is not known. */
  markArchived(at: ImageLocation, archivedAt: string | undefined, where?: 'registry'): Promise<void>;
}

export type ImageCatalog = CatalogReader & CatalogWriter;

/** Which image was the first that consists of exactly some layers: what is built on top of them was built on it. */
export interface LayerChains {
  firstWith(chainId: Digest): Promise<ImageLocation | undefined>;
}

/** Whether an image is a copy that Lading made, and of which registry's. */
export interface ReplicaLookup {
  sourceOf(at: ImageLocation): Promise<string | undefined>;
}
