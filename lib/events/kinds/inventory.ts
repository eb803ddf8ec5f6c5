import { z } from 'zod';
import { bySubject, define } from '../define.ts';
import { digestSchema, subjectSchema } from '../envelope.ts';

/** What a manifest is, told from its media types, artifact type and annotations. */
export const artifactClassSchema = z.enum([
  'image',
  'index',
  'signature',
  'attestation',
  'sbom',
  'model',
  'wasm',
  'chart',
  'cache',
  'artifact',
]);
export type ArtifactClass = z.infer<typeof artifactClassSchema>;

export const imageCataloged = define(
  'lading.inventory',
  'Image Cataloged',
  z.object({
    subject: subjectSchema,
    artifactClass: artifactClassSchema,
    artifactType: z.string().optional(),
    /** Of a signed statement, as its manifest says: what it is to be believed only after it is verified. */
    predicateType: z.string().optional(),
    /** For a referrer: the digest that its manifest names as `subject`. */
    referrerOf: digestSchema.optional(),
    /** For a replica that Lading made: the registry it was copied from. Such an image starts no stage again. */
    replicaOf: z.string().optional(),
    children: z.array(z.object({ digest: digestSchema, mediaType: z.string(), platform: z.string().optional() })),
    layers: z.int().nonnegative(),
    /** Manifest, config and layers, compressed, in bytes. */
    sizeBytes: z.int().nonnegative(),
    pushedAt: z.iso.datetime(),
  }),
  bySubject,
);
