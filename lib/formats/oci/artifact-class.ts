import type { Descriptor } from './descriptor.ts';
import type { ArtifactManifest, ImageIndex, ImageManifest, Manifest } from './manifest.ts';
import { layerCompression } from './media-types.ts';

/** What a manifest is, in the words of the catalogue: every class has its own rules of retention, scan and cost. */
export type ArtifactClass =
  | 'image'
  | 'index'
  | 'signature'
  | 'attestation'
  | 'sbom'
  | 'model'
  | 'wasm'
  | 'chart'
  | 'cache'
  | 'artifact';

/** Whether manifests of a class hold software or models, which can be listed: others are about something else. */
export function hasContents(artifactClass: ArtifactClass): boolean {
  switch (artifactClass) {
    case 'image':
    case 'index':
    case 'model':
    case 'wasm':
      return true;
    case 'signature':
    case 'attestation':
    case 'sbom':
    case 'chart':
    case 'cache':
    case 'artifact':
      return false;
  }
}

/**
 * Tells the class of a manifest from its artifact type, configuration type, layer types and annotations.
 *
 * A manifest with an image configuration and a file system layer is an image whatever else it claims, because a
 * runtime would run it; otherwise a label would be a way past the scanner.
 *
 * @param descriptor the entry of the index through which it was found: BuildKit marks attestations and caches there
 */
export function artifactClassOf(manifest: Manifest, descriptor?: Descriptor): ArtifactClass {
  switch (manifest.kind) {
    case 'index':
      return indexClass(manifest);
    case 'image':
      return imageClass(manifest, descriptor);
    case 'artifact':
      return artifactClass(manifest);
  }
}

/** BuildKit's cache of `mode=max` is an index over layers with a configuration of its own among them. */
const indexClass = (index: ImageIndex): ArtifactClass =>
  index.manifests.some((d) => d.mediaType === BUILDKIT_CACHE_CONFIG)
    ? 'cache'
    : (classOfType(index.artifactType) ?? 'index');

function imageClass(manifest: ImageManifest, descriptor: Descriptor | undefined): ArtifactClass {
  if (manifest.layers.length === 0) return classOfType(manifest.artifactType) ?? 'image';
  if (manifest.layers.some((layer) => layerCompression(layer.mediaType) !== undefined)) return 'image';
  if (descriptor?.annotations?.['vnd.docker.reference.type'] === 'attestation-manifest') return 'attestation';
  return (
    manifest.layers.map(classOfLayer).find((c) => c !== undefined) ?? classOfType(manifest.artifactType) ?? 'image'
  );
}

function artifactClass(manifest: ArtifactManifest): ArtifactClass {
  const types = [manifest.artifactType, manifest.config?.mediaType];
  for (const type of types) {
    const found = classOfType(type);
    if (found === 'attestation' || found === 'signature') return bundleClass(manifest, found);
    if (found !== undefined) return found;
  }
  return (
    manifest.layers.map(classOfLayer).find((c) => c !== undefined) ??
    manifest.layers.map(classOfTitle).find((c) => c !== undefined) ??
    'artifact'
  );
}

/** ORAS names the files that it was given, whatever types it was told. */
function classOfTitle({ annotations }: Descriptor): ArtifactClass | undefined {
  const key = 'org.opencontainers.image.title';
  const title = annotations && Object.hasOwn(annotations, key) ? annotations[key] : undefined;
  if (title === undefined) return undefined;
  if (/\.(?:safetensors|gguf|onnx|tflite|pt|pth|ckpt)$/i.test(title)) return 'model';
  return /\.wasm$/i.test(title) ? 'wasm' : undefined;
}

/**
 * A Sigstore bundle carries either a signature or an attestation; cosign says which by the predicate type, and its own
 * signatures are the predicate `https://sigstore.dev/cosign/sign/v1` (cosign, specs/BUNDLE_SPEC.md).
 */
function bundleClass(manifest: ArtifactManifest, found: ArtifactClass): ArtifactClass {
  if (!SIGSTORE_BUNDLE.test(manifest.artifactType ?? '')) return found;
  const content = manifest.annotations['dev.sigstore.bundle.content'];
  const predicate = manifest.annotations['dev.sigstore.bundle.predicateType'];
  const isSignature = predicate === undefined ? content !== 'dsse-envelope' : COSIGN_SIGN.test(predicate);
  return isSignature ? 'signature' : 'attestation';
}

const BUILDKIT_CACHE_CONFIG = 'application/vnd.buildkit.cacheconfig.v0';
const SIGSTORE_BUNDLE = /^application\/vnd\.dev\.sigstore\.bundle\b/;
const COSIGN_SIGN = /^https:\/\/sigstore\.dev\/cosign\/sign\//;

const CLASSES: readonly (readonly [RegExp, ArtifactClass])[] = [
  [SIGSTORE_BUNDLE, 'signature'],
  [/^application\/vnd\.cncf\.notary\.signature\b/, 'signature'],
  [/^application\/vnd\.dev\.cosign\.(?:artifact\.sig\.v1|simplesigning\.v1)\+json$/, 'signature'],
  [/^application\/vnd\.dev\.cosign\.artifact\.sbom\.v1\+json$/, 'sbom'],
  [/^application\/vnd\.in-toto(?:\.[a-z0-9.-]+)?\+(?:json|dsse)$/, 'attestation'],
  [/^application\/vnd\.dsse\.envelope\.v1\+json$/, 'attestation'],
  [/^application\/vnd\.docker\.attestation\.manifest\.v1\+json$/, 'attestation'],
  [/^application\/vnd\.dev\.cosign\.artifact\.att\.v1\+json$/, 'attestation'],
  [/^application\/vnd\.cyclonedx\+(?:json|xml)$/, 'sbom'],
  [/^application\/vnd\.cyclonedx$/, 'sbom'],
  [/^(?:application|text)\/spdx(?:\+(?:json|xml|yaml))?$/, 'sbom'],
  [/^application\/vnd\.syft\+json$/, 'sbom'],
  [/^application\/vnd\.buildkit\.cacheconfig\.v0$/, 'cache'],
  [/^application\/vnd\.cncf\.helm\.(?:config|chart)\./, 'chart'],
  [/^application\/vnd\.(?:wasm|bytecodealliance\.wasm|module\.wasm)\.|^application\/wasm$/, 'wasm'],
  [/^application\/vnd\.cncf\.model\./, 'model'],
  [/^application\/vnd\.(?:kitops\.modelkit|ollama\.image|docker\.ai)\./, 'model'],
];

const classOfType = (type: string | undefined): ArtifactClass | undefined =>
  type === undefined ? undefined : CLASSES.find(([pattern]) => pattern.test(type))?.[1];

const classOfLayer = (layer: Descriptor): ArtifactClass | undefined => classOfType(layer.mediaType);
