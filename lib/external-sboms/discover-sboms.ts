import type { ImageLocation } from '../core/image-reference.ts';
import { parseManifest } from '../formats/oci/index.ts';
import type { TrustMaterial } from '../signing/index.ts';
import { findAttachedSboms } from './find-attached.ts';
import { findAttestedSboms } from './find-attested.ts';
import { findBuildkitSboms } from './find-buildkit.ts';
import type { FoundSbom, UnusableSbom } from './model.ts';
import type { BesideReader } from './ports.ts';

/**
 * Looks for the SBOMs that others made of an image, or of the images of an index, in all the places where they are put:
 * in the index (BuildKit), in signed statements (cosign), as referrers, under cosign's older tags. What cannot be read is
 * told, and costs nothing else.
 *
 * @throws LadingError of the registry, where it cannot be asked: no answer is not "there are none"
 */
export async function discoverSboms(
  registry: BesideReader,
  at: ImageLocation,
  trust: TrustMaterial,
  now: Date,
): Promise<{
  readonly found: readonly FoundSbom[];
  readonly unusable: readonly UnusableSbom[];
  /** Of the image's manifest; absent where it is gone. */
  readonly mediaType?: string;
}> {
  const { repository, digest } = at;
  const fetched = await registry.getManifest({ repository, reference: digest });
  if (!fetched) return { found: [], unusable: [] };
  const manifest = parseManifest(fetched.bytes, fetched.mediaType, { digest });
  const [inIndex, attested, attached] = await Promise.all([
    findBuildkitSboms(registry, repository, manifest),
    findAttestedSboms(registry, at, trust, now),
    findAttachedSboms(registry, at),
  ]);
  return {
    mediaType: fetched.mediaType,
    found: [...inIndex.found, ...attested, ...attached.found],
    unusable: [...inIndex.unusable, ...attached.unusable],
  };
}
