import { digestOf } from '../core/digest.ts';
import { canonicalJson } from '../core/json.ts';
import { type Descriptor, EMPTY_BLOB, parseManifest } from '../formats/oci/index.ts';
import { SIGSTORE_BUNDLE_V03 } from '../formats/sigstore-bundle/index.ts';
import { type BlobWriter, type ManifestReader, type ManifestWriter, registryError } from '../registry/index.ts';
import { DSSE_LAYER, encodeTagManifest, SIMPLE_SIGNING } from './formats/cosign-tag.ts';
import { NOTATION_ARTIFACT } from './formats/notation.ts';
import { cosignTag } from './formats/place.ts';
import type { RecordedSignature } from './model.ts';

type Target = ManifestReader & BlobWriter & ManifestWriter;

/** Signatures under one tag that are kept; a tag with more is somebody's joke. */
const MAX_TAG_LAYERS = 1000;
const ATTEMPTS = 8;

/** What every referrer has as its configuration. It can be there before anything is signed. */
export async function pushConfiguration(registry: BlobWriter, repository: string): Promise<void> {
  const { digest, size } = EMPTY_BLOB.descriptor;
  await registry.putBlob({ repository, digest, size, content: EMPTY_BLOB.bytes });
}

/**
 * Pushes the recorded bytes. Every step is idempotent, so it can be repeated as a whole.
 *
 * @param configured `pushConfiguration` of this repository, where it was begun before
 */
export async function pushRecorded(
  registry: Target,
  signature: RecordedSignature,
  configured?: Promise<void>,
): Promise<void> {
  const { subject, bundle, manifest, manifestMediaType } = signature;
  const { repository } = subject;
  const blob = registry.putBlob({ repository, digest: digestOf(bundle), size: bundle.length, content: bundle });
  if (signature.format === 'cosign-tag') {
    await blob;
    return addToTag(registry, signature);
  }
  await Promise.all([blob, configured ?? pushConfiguration(registry, repository)]);
  await registry.attachReferrer({ repository, mediaType: manifestMediaType, bytes: manifest });
}

/**
 * Adds the recorded layer to those under the tag, unless it is there: read, add, write, read back. The tag knows no
 * conditional write, so a writer in another process can still undo it; whoever signs holds the lease of the image.
 *
 * @throws LadingError `registry-refused` where the tag is something else; `registry-unavailable` where other writers won
 */
async function addToTag(registry: Target, signature: RecordedSignature): Promise<void> {
  const { subject, manifest, manifestMediaType } = signature;
  const { repository, digest } = subject;
  const recorded = parseManifest(manifest, manifestMediaType);
  const [layer] = recorded.kind === 'index' ? [] : recorded.layers;
  if (layer === undefined) throw registryError('registry-refused', 'the recorded signature has no layer');
  const reference = cosignTag(digest, layer.mediaType === SIMPLE_SIGNING ? 'sig' : 'att');
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const layers = await layersOf(registry, repository, reference);
    if (layers.some((one) => isSame(one, layer))) return;
    const { manifest: next, config } = encodeTagManifest([...layers, layer]);
    await registry.putBlob({ repository, digest: digestOf(config), size: config.length, content: config });
    await registry.putManifest({ repository, reference, mediaType: next.mediaType, bytes: next.bytes });
  }
  throw registryError('registry-unavailable', `other writers kept replacing the tag ${reference}`);
}

const isSame = (a: Descriptor, b: Descriptor): boolean =>
  a.digest === b.digest && canonicalJson(a.annotations) === canonicalJson(b.annotations);

async function layersOf(registry: Target, repository: string, reference: string): Promise<readonly Descriptor[]> {
  const found = await registry.getManifest({ repository, reference });
  if (found === undefined) return [];
  const manifest = parseManifest(found.bytes, found.mediaType, { digest: found.digest });
  if (manifest.kind === 'index') throw registryError('registry-refused', `the tag ${reference} is an index`);
  if (manifest.layers.length >= MAX_TAG_LAYERS) {
    throw registryError('registry-refused', `the tag ${reference} holds ${manifest.layers.length} signatures already`);
  }
  return manifest.layers;
}

/** As events and catalogues name what was pushed. */
export function artifactTypeOf({ format, manifest, manifestMediaType }: RecordedSignature): string {
  switch (format) {
    case 'cosign-bundle':
      return SIGSTORE_BUNDLE_V03;
    case 'notation-jws':
    case 'notation-cose':
      return NOTATION_ARTIFACT;
    case 'cosign-tag': {
      const parsed = parseManifest(manifest, manifestMediaType);
      const [layer] = parsed.kind === 'index' ? [] : parsed.layers;
      return layer?.mediaType ?? DSSE_LAYER;
    }
  }
}
