import { digestOf } from '../core/digest.ts';
import type { ImageLocation } from '../core/image-reference.ts';
import { canonicalJson } from '../core/json.ts';
import { type Descriptor, parseManifest } from '../formats/oci/index.ts';
import {
  type BlobWriter,
  type CallOptions,
  type ManifestReader,
  type ManifestWriter,
  registryError,
} from '../registry/index.ts';
import { encodeTagManifest } from './formats/cosign-tag.ts';
import { cosignTag } from './formats/place.ts';

type Target = ManifestReader & BlobWriter & ManifestWriter;

/** Signatures under one tag that are kept; a tag with more is somebody's joke. */
const MAX_TAG_LAYERS = 1000;
const ATTEMPTS = 8;

export const isSameLayer = (a: Descriptor, b: Descriptor): boolean =>
  a.digest === b.digest && canonicalJson(a.annotations) === canonicalJson(b.annotations);

/**
 * Makes the entries of a tag of cosign's older format what `revise` makes of them: read, write, read back until it is so.
 * The blobs of new entries are there already. The tag knows no conditional write, so a writer in another process can
 * still undo it; whoever writes holds the image, and only cosign itself asks nobody.
 *
 * @throws LadingError `registry-refused` where the tag is something else; `registry-unavailable` where other writers won
 */
export async function reviseTag(
  registry: Target,
  { repository, digest }: ImageLocation,
  suffix: 'sig' | 'att',
  revise: (layers: readonly Descriptor[]) => readonly Descriptor[],
  call?: CallOptions,
): Promise<void> {
  const reference = cosignTag(digest, suffix);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const layers = await layersOf(registry, { repository, reference }, call);
    const revised = revise(layers);
    const settled = revised.length === layers.length && revised.every((one, i) => isSameLayer(one, layers[i] ?? one));
    if (settled) return;
    if (revised.length > MAX_TAG_LAYERS) {
      throw registryError('registry-refused', `the tag ${reference} holds ${layers.length} signatures already`);
    }
    const { manifest, config } = encodeTagManifest(revised);
    await registry.putBlob({ repository, digest: digestOf(config), size: config.length, content: config }, call);
    await registry.putManifest({ repository, reference, mediaType: manifest.mediaType, bytes: manifest.bytes }, call);
  }
  throw registryError('registry-unavailable', `other writers kept replacing the tag ${reference}`);
}

async function layersOf(
  registry: ManifestReader,
  at: { readonly repository: string; readonly reference: string },
  call: CallOptions | undefined,
): Promise<readonly Descriptor[]> {
  const found = await registry.getManifest(at, call);
  if (found === undefined) return [];
  const manifest = parseManifest(found.bytes, found.mediaType, { digest: found.digest });
  if (manifest.kind === 'index') throw registryError('registry-refused', `the tag ${at.reference} is an index`);
  return manifest.layers;
}
