import { z } from 'zod';
import { artifactClassSchema, digestSchema } from '../events/index.ts';

const childSchema = z.object({
  digest: digestSchema,
  mediaType: z.string(),
  size: z.int().nonnegative(),
  platform: z.string().optional(),
});

const layerSchema = z.object({ digest: digestSchema, mediaType: z.string(), size: z.int().nonnegative() });

/** What the catalogue knows of one manifest in one repository. */
export const catalogEntrySchema = z.object({
  registry: z.string(),
  repository: z.string(),
  digest: digestSchema,
  mediaType: z.string(),
  artifactClass: artifactClassSchema,
  artifactType: z.string().optional(),
  platform: z.string().optional(),
  /** For a referrer: the digest that it is about. */
  referrerOf: digestSchema.optional(),
  /** For a replica: the registry that it was copied from. */
  replicaOf: z.string().optional(),
  children: z.array(childSchema),
  layers: z.array(layerSchema),
  config: layerSchema.optional(),
  /** Names the content of all its layers together (OCI image specification, "Layer ChainID"); of images only. */
  chainId: digestSchema.optional(),
  /** Manifest, config and layers as stored, in bytes; for an index the manifest alone. */
  sizeBytes: z.int().nonnegative(),
  /** When the image says it was built; the builder's word, so never a basis of retention. */
  created: z.string().optional(),
  labels: z.record(z.string(), z.string()),
  pushedAt: z.iso.datetime(),
  /** When Lading first saw the digest in this repository, which nobody outside can choose. */
  firstSeenAt: z.iso.datetime(),
  deletedAt: z.iso.datetime().optional(),
  /** A whole copy lies in the archive since then. With `deletedAt`, the archive is the only place where it is. */
  archivedAt: z.iso.datetime().optional(),
  /** It is in an archival class of its own registry, and not in the bucket. */
  archivedIn: z.literal('registry').optional(),
});
export type CatalogEntry = z.infer<typeof catalogEntrySchema>;

/** `archived`: gone from its registry, and can be brought back; news of it still matters. */
export const whereaboutsOf = ({
  deletedAt,
  archivedAt,
}: Pick<CatalogEntry, 'deletedAt' | 'archivedAt'>): 'present' | 'archived' | 'deleted' =>
  deletedAt === undefined ? 'present' : archivedAt === undefined ? 'deleted' : 'archived';

/** Which digest a tag named, as of the registry's own time of the event. */
export interface TagBinding {
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
  /** Absent once the tag was deleted; the row stays, so that a late, older push does not bring it back. */
  readonly digest: z.infer<typeof digestSchema> | undefined;
  readonly boundAt: string;
}

export interface RepositoryName {
  readonly registry: string;
  readonly repository: string;
}
