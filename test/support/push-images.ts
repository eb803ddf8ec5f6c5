import { type Digest, digestOf } from '../../lib/core/digest.ts';
import { createArtifactManifest, type Descriptor, EMPTY_BLOB } from '../../lib/formats/oci/index.ts';
import type { Registry } from '../../lib/registry/index.ts';
import { type BuiltImage, buildIndex } from '../lib/sbom/image-builder.ts';

const put = (registry: Registry, repository: string, content: Uint8Array): Promise<void> =>
  registry.putBlob({ repository, digest: digestOf(content), size: content.length, content });

/** Pushes an image as clients do: content first, then the manifest by tag, or by digest without one. */
export async function pushBuilt(
  registry: Registry,
  repository: string,
  image: BuiltImage,
  tag?: string,
): Promise<Digest> {
  const { digest, mediaType } = image.descriptor;
  for (const blob of image.blobs) if (blob !== image.manifest) await put(registry, repository, blob);
  await registry.putManifest({ repository, reference: tag ?? digest, mediaType, bytes: image.manifest });
  return digest;
}

/** Pushes an index over images that are there already. */
export async function pushIndex(
  registry: Registry,
  repository: string,
  children: readonly Descriptor[],
  tag: string,
): Promise<Digest> {
  const { blob, descriptor } = buildIndex(children);
  const { mediaType } = descriptor;
  await registry.putManifest({ repository, reference: tag, mediaType, bytes: blob });
  return descriptor.digest;
}

/** Pushes an artifact that is no image (image specification 1.1, "Guidelines for Artifact Usage"). */
export async function pushArtifact(
  registry: Registry,
  repository: string,
  artifact: {
    readonly type: string;
    readonly content: Uint8Array;
    readonly tag?: string;
    readonly subject?: Descriptor;
  },
): Promise<Digest> {
  const { type, content, tag, subject } = artifact;
  const layer = { mediaType: 'application/octet-stream', digest: digestOf(content), size: content.length };
  const manifest = createArtifactManifest({ artifactType: type, layers: [layer], ...(subject ? { subject } : {}) });
  await put(registry, repository, EMPTY_BLOB.bytes);
  await put(registry, repository, content);
  const { digest, mediaType, bytes } = manifest;
  await registry.putManifest({ repository, reference: tag ?? digest, mediaType, bytes });
  return digest;
}

/**
 * The attestation that BuildKit puts beside each image of an index: an image manifest for the platform unknown/unknown
 * with in-toto statements for layers, told apart by annotations of its entry.
 */
export async function pushAttestation(registry: Registry, repository: string, about: BuiltImage): Promise<Descriptor> {
  const statement = Buffer.from(
    JSON.stringify({
      _type: 'https://in-toto.io/Statement/v0.1',
      predicateType: 'https://slsa.dev/provenance/v0.2',
      subject: [{ name: 'app', digest: { sha256: about.descriptor.digest.slice('sha256:'.length) } }],
      predicate: {},
    }),
  );
  const config = Buffer.from(
    JSON.stringify({
      os: 'unknown',
      architecture: 'unknown',
      rootfs: { type: 'layers', diff_ids: [digestOf(statement)] },
    }),
  );
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const annotations = { 'in-toto.io/predicate-type': 'https://slsa.dev/provenance/v0.2' };
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType,
      config: descriptorOf('application/vnd.oci.image.config.v1+json', config),
      layers: [{ ...descriptorOf('application/vnd.in-toto+json', statement), annotations }],
    }),
  );
  for (const content of [config, statement]) await put(registry, repository, content);
  await registry.putManifest({ repository, reference: digestOf(bytes), mediaType, bytes });
  return {
    ...descriptorOf(mediaType, bytes),
    platform: { os: 'unknown', architecture: 'unknown' },
    annotations: {
      'vnd.docker.reference.type': 'attestation-manifest',
      'vnd.docker.reference.digest': about.descriptor.digest,
    },
  };
}

const descriptorOf = (mediaType: string, content: Uint8Array): Descriptor => ({
  mediaType,
  digest: digestOf(content),
  size: content.length,
});
