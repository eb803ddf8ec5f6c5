import { type Digest, digestOf } from '../../core/digest.ts';
import { canonicalJson } from '../../core/json.ts';
import type { Descriptor } from './descriptor.ts';
import { OCI_EMPTY, OCI_IMAGE_INDEX, OCI_IMAGE_MANIFEST } from './media-types.ts';

/** The empty configuration, `{}` (OCI image specification 1.1, "Guidance for an Empty Descriptor"). */
export const EMPTY_BLOB: { readonly descriptor: Descriptor; readonly bytes: Uint8Array } = (() => {
  const bytes = new TextEncoder().encode('{}');
  return { descriptor: { mediaType: OCI_EMPTY, digest: digestOf(bytes), size: bytes.length }, bytes };
})();

export interface ArtifactManifestInput {
  readonly artifactType: string;
  /** The empty configuration when absent; its two bytes (`EMPTY_BLOB`) must be pushed like any other blob. */
  readonly config?: Descriptor;
  /** The empty blob when there is none: registries refuse a manifest without layers. */
  readonly layers: readonly Descriptor[];
  /** What this is a referrer of. */
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface EncodedManifest {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly bytes: Uint8Array;
}

/** An OCI image manifest that holds an artifact (image specification 1.1, "Guidelines for Artifact Usage"). */
export function createArtifactManifest(input: ArtifactManifestInput): EncodedManifest {
  const { mediaType, digest, size } = input.subject ?? {};
  return encode(OCI_IMAGE_MANIFEST, {
    schemaVersion: 2,
    mediaType: OCI_IMAGE_MANIFEST,
    artifactType: input.artifactType,
    config: input.config ?? EMPTY_BLOB.descriptor,
    layers: input.layers.length === 0 ? [EMPTY_BLOB.descriptor] : input.layers,
    ...(input.subject === undefined ? {} : { subject: { mediaType, digest, size } }),
    ...(input.annotations === undefined ? {} : { annotations: input.annotations }),
  });
}

/** An OCI image manifest with a configuration of its own, as what is packed as an image has it. */
export const encodeManifest = (input: {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}): EncodedManifest =>
  encode(OCI_IMAGE_MANIFEST, {
    schemaVersion: 2,
    mediaType: OCI_IMAGE_MANIFEST,
    config: input.config,
    layers: input.layers,
  });

/** An OCI image index over the given descriptors, in their order. */
export function createIndex(
  manifests: readonly Descriptor[],
  annotations?: Readonly<Record<string, string>>,
): EncodedManifest {
  return encode(OCI_IMAGE_INDEX, { schemaVersion: 2, mediaType: OCI_IMAGE_INDEX, manifests, annotations });
}

/** Sorted keys: the same input is the same bytes, and so the same digest, in every process. */
function encode(mediaType: string, document: unknown): EncodedManifest {
  const bytes = new TextEncoder().encode(canonicalJson(document));
  return { mediaType, digest: digestOf(bytes), size: bytes.length, bytes };
}
