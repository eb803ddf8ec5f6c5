import { digestOf } from '../core/digest.ts';
import { EMPTY_BLOB, parseManifest } from '../formats/oci/index.ts';
import { SIGSTORE_BUNDLE_V03 } from '../formats/sigstore-bundle/index.ts';
import { type BlobWriter, type ManifestReader, type ManifestWriter, registryError } from '../registry/index.ts';
import { DSSE_LAYER, SIMPLE_SIGNING } from './formats/cosign-tag.ts';
import { NOTATION_ARTIFACT } from './formats/notation.ts';
import type { RecordedSignature } from './model.ts';
import { isSameLayer, reviseTag } from './revise-tag.ts';

type Target = ManifestReader & BlobWriter & ManifestWriter;

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
 * Adds the recorded layer to those under the tag, unless it is there.
 *
 * @throws LadingError `registry-refused` where the tag is something else; `registry-unavailable` where other writers won
 */
async function addToTag(registry: Target, signature: RecordedSignature): Promise<void> {
  const { subject, manifest, manifestMediaType } = signature;
  const recorded = parseManifest(manifest, manifestMediaType);
  const [layer] = recorded.kind === 'index' ? [] : recorded.layers;
  if (layer === undefined) throw registryError('registry-refused', 'the recorded signature has no layer');
  const suffix = layer.mediaType === SIMPLE_SIGNING ? 'sig' : 'att';
  await reviseTag(registry, subject, suffix, (layers) =>
    layers.some((one) => isSameLayer(one, layer)) ? layers : [...layers, layer],
  );
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
