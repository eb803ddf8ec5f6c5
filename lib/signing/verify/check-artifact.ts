import { MAX_BUNDLE_BYTES } from '../../formats/sigstore-bundle/index.ts';
import { checkCosignBundle, checkCosignTag } from './check-cosign.ts';
import { checkNotation } from './check-notation.ts';
import type { ArtifactVerdict, FetchedArtifact, FetchedImage, TrustMaterial } from './model.ts';

/** What one artifact proves about the image, if anything. */
export function checkArtifact(
  artifact: FetchedArtifact,
  image: FetchedImage,
  trust: TrustMaterial,
  now: Date,
): ArtifactVerdict {
  if (artifact.content.length > MAX_BUNDLE_BYTES) {
    return { kind: 'rejected', reason: 'too-large', detail: `it has ${artifact.content.length} bytes` };
  }
  switch (artifact.format) {
    case 'cosign-bundle':
      return checkCosignBundle(artifact, image, trust, now);
    case 'cosign-tag':
      return checkCosignTag(artifact, image, trust, now);
    case 'notation-jws':
    case 'notation-cose':
      return checkNotation(artifact, image, trust, now);
  }
}
