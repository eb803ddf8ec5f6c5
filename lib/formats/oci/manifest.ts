import { z } from 'zod';
import type { Digest } from '../../core/digest.ts';
import { absentIfNull, type Descriptor, descriptorSchema, type StringMap, stringMapSchema } from './descriptor.ts';
import type { ManifestMediaType } from './media-types.ts';

/** Largest manifest that is read, in bytes (OCI distribution specification 1.1, "Pushing Manifests": at least 4 MiB). */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

const orEmpty = (schema: z.ZodType<Descriptor>) => z.preprocess((value) => value ?? [], z.array(schema));

const common = {
  schemaVersion: z.literal(2),
  mediaType: absentIfNull(z.string()),
  artifactType: absentIfNull(z.string().max(255)),
  subject: absentIfNull(descriptorSchema),
  annotations: absentIfNull(stringMapSchema),
};

/** OCI image specification 1.1, "OCI Image Manifest", and Docker's image manifest version 2, schema 2. */
export const imageManifestSchema = z.object({
  ...common,
  config: descriptorSchema,
  layers: orEmpty(descriptorSchema),
});

/** OCI image specification 1.1, "OCI Image Index", and Docker's manifest list. */
export const imageIndexSchema = z.object({ ...common, manifests: orEmpty(descriptorSchema) });

/** The artifact manifest of image specification 1.1.0-rc2 ("OCI Artifact Manifest"). It has no `schemaVersion`. */
export const artifactManifestSchema = z.object({
  mediaType: z.string(),
  artifactType: absentIfNull(z.string().max(255)),
  blobs: orEmpty(descriptorSchema),
  subject: absentIfNull(descriptorSchema),
  annotations: absentIfNull(stringMapSchema),
});

interface ManifestBase {
  readonly mediaType: ManifestMediaType;
  readonly digest: Digest;
  /** Bytes of the document as received. */
  readonly size: number;
  readonly artifactType?: string;
  readonly subject?: Descriptor;
  /** Keys are a stranger's; the object has no prototype. Empty where the manifest has none. */
  readonly annotations: StringMap;
}

/** A manifest with an image configuration: what a runtime would run, whatever else it claims to be. */
export interface ImageManifest extends ManifestBase {
  readonly kind: 'image';
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

/** A list of manifests (or, for BuildKit's cache, of blobs). */
export interface ImageIndex extends ManifestBase {
  readonly kind: 'index';
  readonly manifests: readonly Descriptor[];
}

/** Anything else that is packed as a manifest: a signature, an SBOM, a chart, a model. `config` may be the empty one. */
export interface ArtifactManifest extends ManifestBase {
  readonly kind: 'artifact';
  readonly config?: Descriptor;
  readonly layers: readonly Descriptor[];
}

export type Manifest = ImageManifest | ImageIndex | ArtifactManifest;

/** The blobs that a manifest needs beside it, configuration first, each digest once. */
export function blobsOf(manifest: Manifest): readonly Descriptor[] {
  if (manifest.kind === 'index') return [];
  const all = manifest.config === undefined ? manifest.layers : [manifest.config, ...manifest.layers];
  return [...new Map(all.map((d) => [d.digest, d])).values()];
}
