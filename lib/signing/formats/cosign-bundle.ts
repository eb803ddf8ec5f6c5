import type { ImageLocation } from '../../core/image-reference.ts';
import { createArtifactManifest, type Descriptor } from '../../formats/oci/index.ts';
import { encodeBundle, SIGSTORE_BUNDLE_V03 } from '../../formats/sigstore-bundle/index.ts';
import type { PublicKey, RecordedSignature } from '../model.ts';
import { descriptorOf, rfc3339, toRecord, wholeSeconds } from './place.ts';

/**
 * A Sigstore bundle v0.3 in a manifest whose `subject` is the image (cosign, specs/BUNDLE_SPEC.md).
 *
 * @param image descriptor of the manifest that is signed, from its own bytes
 */
export function packCosignBundle(input: {
  readonly subject: ImageLocation;
  readonly image: Descriptor;
  readonly key: PublicKey;
  readonly now: Date;
  readonly predicateType: string;
  readonly bundle: Parameters<typeof encodeBundle>[0];
}): RecordedSignature {
  const { subject, image, key, predicateType } = input;
  const bundle = encodeBundle(input.bundle);
  const created = wholeSeconds(input.now);
  const manifest = createArtifactManifest({
    artifactType: SIGSTORE_BUNDLE_V03,
    layers: [descriptorOf(SIGSTORE_BUNDLE_V03, bundle)],
    subject: image,
    annotations: {
      'dev.sigstore.bundle.content': 'dsse-envelope',
      'dev.sigstore.bundle.predicateType': predicateType,
      'org.opencontainers.image.created': rfc3339(created),
    },
  });
  return toRecord({ subject, format: 'cosign-bundle', key, created, bundle, manifest });
}
