import { type Digest, digestAlgorithm, digestHex } from '../core/digest.ts';
import { describeError, isLadingError } from '../core/errors.ts';
import type { ImageLocation } from '../core/image-reference.ts';
import { parseManifest } from '../formats/oci/index.ts';
import { collectContent } from '../registry/index.ts';
import type { FoundSbom, UnusableSbom } from './model.ts';
import type { BesideReader } from './ports.ts';

const MAX_REFERRERS = 50;
const MAX_BYTES = 32 * 1024 * 1024;

/** Types of SBOMs that are attached by themselves: artifact types and types of layers (IANA; anchore/syft; cosign). */
const SBOM_TYPE =
  /^(?:application\/vnd\.cyclonedx(?:\+(?:json|xml))?|(?:application|text)\/spdx(?:\+json)?|application\/vnd\.syft\+json|application\/vnd\.dev\.cosign\.artifact\.sbom\.v1\+json)(?:;.*)?$/;
export const isSbomType = (type: string | undefined): boolean => type !== undefined && SBOM_TYPE.test(type);

/** Finds SBOMs that were attached to an image as they are: as referrers, and under cosign's older tag. Nobody signed them. */
export async function findAttachedSboms(
  registry: BesideReader,
  image: ImageLocation,
): Promise<{ readonly found: readonly FoundSbom[]; readonly unusable: readonly UnusableSbom[] }> {
  const { repository, digest } = image;
  const listed = await registry.listReferrers({ repository, digest }, { limit: MAX_REFERRERS });
  const referrers = listed.descriptors.filter(({ artifactType }) => isSbomType(artifactType)).slice(0, MAX_REFERRERS);
  const found: FoundSbom[] = [];
  const unusable: UnusableSbom[] = [];
  const read = async (reference: string, origin: FoundSbom['origin'], manifest?: Digest): Promise<void> => {
    try {
      const sbom = await readSbomManifest(registry, image, reference, origin);
      if (sbom) found.push(sbom);
    } catch (error) {
      if (!isLadingError(error) || error.retryable) throw error;
      if (manifest) unusable.push({ manifest, why: describeError(error) });
    }
  };
  for (const { digest: manifest } of referrers) await read(manifest, 'referrer', manifest);
  await read(`${digestAlgorithm(digest)}-${digestHex(digest)}.sbom`, 'cosign-tag', digest);
  return { found, unusable };
}

async function readSbomManifest(
  registry: BesideReader,
  { repository, digest: image }: ImageLocation,
  reference: string,
  origin: FoundSbom['origin'],
): Promise<FoundSbom | undefined> {
  const fetched = await registry.getManifest({ repository, reference });
  if (!fetched) return undefined;
  const manifest = parseManifest(fetched.bytes, fetched.mediaType, { digest: fetched.digest });
  if (manifest.kind === 'index' || (origin === 'referrer' && manifest.subject?.digest !== image)) return undefined;
  const typed = manifest.layers.find(({ mediaType }) => isSbomType(mediaType));
  // ORAS gives files any type; then the artifact's own tells what its only layer is.
  const layer = typed ?? (manifest.layers.length === 1 ? manifest.layers[0] : undefined);
  if (!layer || layer.size > MAX_BYTES) return undefined;
  const { digest, size } = layer;
  const content = await collectContent(registry.openBlob({ repository, digest, size }), MAX_BYTES);
  return { image, content, origin, manifest: fetched.digest, standing: { kind: 'unsigned' } };
}
