import { z } from 'zod';
import { isRepositoryName } from '../core/image-reference.ts';
import { digestSchema } from '../events/index.ts';

const repositorySchema = z.object({
  name: z.string().refine(isRepositoryName),
  /** An OCI image index of everything that was there, stored under its digest beside the blobs. */
  index: z.object({ digest: digestSchema, size: z.int().nonnegative() }),
  tags: z.int().nonnegative(),
  manifests: z.int().nonnegative(),
  /** Of manifests and blobs, each counted once in the repository. */
  bytes: z.int().nonnegative(),
  /** Merkle root over tags and manifests: what a restored repository must come to. */
  root: digestSchema,
  /** Images that could not be copied whole, and why. They are in no index. */
  faults: z.array(z.object({ digest: z.string(), why: z.string() })),
});
export type RepositorySnapshot = z.infer<typeof repositorySchema>;

/** What a registry held at one time. */
export const snapshotSchema = z.object({
  version: z.literal(1),
  registry: z.string().min(1),
  startedAt: z.iso.datetime(),
  /** When the last repository had been read: what was pushed after `startedAt` may be missing. */
  takenAt: z.iso.datetime(),
  repositories: z.array(repositorySchema),
  /** Repositories that could not be read at all, and why. */
  unread: z.array(z.object({ name: z.string(), why: z.string() })),
});
export type Snapshot = z.infer<typeof snapshotSchema>;

export interface StoredSnapshot {
  readonly key: string;
  /** Of the document. Whoever noted it can tell that it is still the same. */
  readonly digest: `sha256:${string}` | `sha512:${string}`;
  readonly snapshot: Snapshot;
}

/** The tag of an entry of an index (image specification, "Pre-Defined Annotation Keys"). */
export const REF_NAME = 'org.opencontainers.image.ref.name';
/** The manifest that an entry belongs to: its index, or the subject that it refers to. */
export const BELONGS_TO = 'dev.lading.backup.belongs-to';
/** How it does: see `partRoles`. */
export const ROLE = 'dev.lading.backup.role';

/** `tagged`: by one of cosign's older tags. Of what is several of these, the first counts. */
export const partRoles = ['root', 'child', 'referrer', 'tagged'] as const;
export type PartRole = (typeof partRoles)[number];

/** One thing that is not as it should be, named so that somebody can look. */
export interface Fault {
  readonly repository: string;
  /** A manifest, a blob, or a tag. */
  readonly part: string;
  readonly why: string;
}
