import type { Digest } from '../../../lib/core/digest.ts';

/** What happened to a manifest, in the terms of ECR's "Image Action" event. Told after the write is durable. */
export interface RegistryEvent {
  readonly kind: 'push' | 'delete';
  readonly repository: string;
  readonly digest: Digest;
  /** One event per tag; a push by digest and the deletion of an untagged manifest have none. */
  readonly tag?: string;
  readonly manifestMediaType?: string;
  /** `artifactType` of the manifest, or else the media type of its config. */
  readonly artifactMediaType?: string;
  /** The upstream that a mirror fetched it from, instead of a client that pushed it. */
  readonly pulledFrom?: PullThroughSource;
  readonly time: Date;
}

/** A rule of a pull-through mirror, as ECR's events name it. */
export interface PullThroughSource {
  readonly prefix: string;
  readonly upstream: string;
}

export type RegistryAction =
  | 'ecr:BatchCheckLayerAvailability'
  | 'ecr:BatchDeleteImage'
  | 'ecr:BatchGetImage'
  | 'ecr:CompleteLayerUpload'
  | 'ecr:DescribeImages'
  | 'ecr:DescribeRepositories'
  | 'ecr:GetDownloadUrlForLayer'
  | 'ecr:InitiateLayerUpload'
  | 'ecr:ListImageReferrers'
  | 'ecr:ListImages'
  | 'ecr:PutImage'
  | 'ecr:UploadLayerPart';

/** Decides who may do what. The local stack plugs its IAM in here. */
export interface RegistryAccess {
  /** `principal: undefined` is the developer at the machine. `refused` becomes a 401 that asks for Basic credentials. */
  authenticate(
    authorizationHeader: string | undefined,
  ): Promise<{ readonly principal: string | undefined } | 'refused'>;
  /** `repository` is `*` for the catalogue. A refusal becomes a 403. */
  authorize(principal: string | undefined, action: RegistryAction, repository: string): boolean | Promise<boolean>;
  /**
   * Whether the caller manages the registry: it writes where others read from a mirror, leases and collects. Absent: who
   * comes without a name does.
   */
  isOperator?(principal: string | undefined): boolean;
  /** Why an image may not be pulled (it becomes a 403), or `undefined`. Referrers and questions by HEAD are not asked for. */
  refusePull?(principal: string | undefined, repository: string, digest: Digest): Promise<string | undefined>;
  /** Whether an image is in a storage class from which nothing is read: to who asks for it, it is not there. */
  isArchived?(repository: string, digest: Digest): boolean;
}

/** Content that a manifest names. `optional` content (non-distributable layers) need not be in the registry. */
export interface BlobReference {
  readonly digest: Digest;
  readonly size: number;
  readonly optional?: true;
}

/** What the registry keeps of a manifest beside its bytes. */
export interface ManifestSummary {
  readonly mediaType: string;
  /** Bytes of the manifest itself. */
  readonly size: number;
  readonly artifactType?: string;
  readonly configMediaType?: string;
  readonly subject?: Digest;
  readonly blobs: readonly BlobReference[];
  /** Manifests of an index. */
  readonly children: readonly BlobReference[];
}

export interface StoredManifest extends ManifestSummary {
  readonly digest: Digest;
  readonly artifactMediaType?: string;
  readonly tags: readonly string[];
  readonly pushedAt: Date;
}

export interface RepositorySummary {
  readonly name: string;
  readonly createdAt: Date;
}

export interface TagEntry {
  readonly tag: string;
  readonly digest: Digest;
  readonly pushedAt: Date;
}

export type PutManifestOutcome =
  | {
      readonly outcome: 'stored';
      readonly digest: Digest;
      readonly subject?: Digest;
      readonly tags: readonly string[];
      /** Whether this digest was new to the repository. */
      readonly created: boolean;
    }
  | { readonly outcome: 'invalid'; readonly reason: string }
  | { readonly outcome: 'too-large'; readonly limit: number }
  | { readonly outcome: 'digest-mismatch'; readonly actual: Digest }
  | { readonly outcome: 'unknown-references'; readonly missing: readonly Digest[] };

export type DeleteOutcome =
  | { readonly outcome: 'deleted'; readonly digest: Digest }
  | { readonly outcome: 'unknown' }
  /** Something that stays needs it: an index of the repository its child, a manifest its blob. */
  | { readonly outcome: 'referenced'; readonly by: Digest };

export interface GarbageReport {
  readonly freedBytes: number;
  readonly blobs: number;
  readonly uploads: number;
}

export interface DiskUsage {
  /** Distinct contents on disk (blobs and manifests, each once however many repositories share it) and their bytes. */
  readonly blobs: number;
  readonly bytes: number;
  readonly uploads: number;
  readonly uploadBytes: number;
}

/** Typed access to the registry without HTTP, for the control API and for tests. Writes are durable when they resolve. */
export interface RegistryStore {
  listRepositories(): readonly RepositorySummary[];
  createRepository(name: string): Promise<'created' | 'exists'>;
  /** Without `force`, only an empty repository is deleted. */
  deleteRepository(name: string, options?: { readonly force?: boolean }): Promise<'deleted' | 'unknown' | 'not-empty'>;
  listManifests(repository: string): readonly StoredManifest[];
  /** By tag or digest. */
  findManifest(repository: string, reference: string): StoredManifest | undefined;
  getManifest(
    repository: string,
    reference: string,
  ): Promise<{ readonly manifest: StoredManifest; readonly bytes: Uint8Array } | undefined>;
  /** Without `digest` the manifest is stored under its sha256. */
  putManifest(
    repository: string,
    manifest: {
      readonly bytes: Uint8Array;
      readonly mediaType?: string;
      readonly digest?: Digest;
      readonly tags?: readonly string[];
    },
  ): Promise<PutManifestOutcome>;
  /** Takes all its tags with it. */
  deleteManifest(repository: string, digest: Digest): Promise<DeleteOutcome>;
  /** The manifest stays, untagged where this was its last tag. */
  deleteTag(repository: string, tag: string): Promise<DeleteOutcome>;
  deleteBlob(repository: string, digest: Digest): Promise<DeleteOutcome>;
  /** In ASCII order. */
  tags(repository: string): readonly TagEntry[];
  referrers(repository: string, subject: Digest): readonly StoredManifest[];
  /** Size in bytes of a blob linked to the repository. */
  blobSize(repository: string, digest: Digest): number | undefined;
  /**
   * Removes blobs that no manifest of a repository names, where neither an upload in progress nor the grace period
   * (default 1 hour since the blob was uploaded, mounted or asked for) covers them, and what no repository links.
   */
  collectGarbage(options?: {
    readonly graceMs?: number;
    /** Only says what would be freed, to the byte. */
    readonly dryRun?: boolean;
  }): Promise<GarbageReport>;
  diskUsage(): DiskUsage;
  /** A small blob, whole. */
  readBlob(repository: string, digest: Digest): Promise<Uint8Array | undefined>;
  /** Every content with its bytes, manifests and blobs, each once. */
  contents(): ReadonlyMap<Digest, number>;
}
