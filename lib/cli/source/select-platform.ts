import type { Digest } from '../../core/digest.ts';
import { isLadingError, LadingError, LimitExceededError } from '../../core/errors.ts';
import {
  type Descriptor,
  formatPlatform,
  type ImageIndex,
  type ImageManifest,
  isIndexType,
  isManifestType,
  isUnknownPlatform,
  type Manifest,
} from '../../formats/oci/index.ts';
import { type ImageSource, readConfig } from '../../sbom/index.ts';
import { hostPlatform, suits, type WantedPlatform } from './platform.ts';

export interface SelectedImage {
  readonly digest: Digest;
  /** Other images of the index that fit as well: engines take the first, and so do we, but it is worth a word. */
  readonly alternatives: number;
}

interface Offer {
  readonly digest: Digest;
  readonly platform: WantedPlatform;
}

/** Indexes inside indexes, and entries of all of them together. */
const MAX_DEPTH = 3;
const MAX_OFFERS = 1_000;

/**
 * Finds the image of a platform under a digest. An image by itself is taken as it is, unless another platform than its
 * own was asked for; without a wish, an index is asked for what this machine would run.
 *
 * @throws LadingError `platform-unknown` naming those that there are; `reference-unknown`
 */
export async function selectPlatform(
  source: ImageSource,
  digest: Digest,
  wish: WantedPlatform | undefined,
  host: WantedPlatform = hostPlatform(),
): Promise<SelectedImage> {
  const manifest = await source.manifest(digest);
  if (manifest === undefined) throw new LadingError('reference-unknown', `there is no manifest ${digest}`);
  if (manifest.kind !== 'index') {
    const own = manifest.kind === 'image' && wish ? await platformOfImage(source, manifest) : undefined;
    if (wish && own && suits(wish, own) === 0) throw unknownPlatform(wish, [own], 'the image is');
    return { digest, alternatives: 0 };
  }
  const offers = await collectOffers(source, manifest);
  const wanted = wish ?? host;
  const fitting = offers
    .map((offer) => ({ offer, fits: suits(wanted, offer.platform) }))
    .filter(({ fits }) => fits > 0);
  const best = Math.max(0, ...fitting.map(({ fits }) => fits));
  const [first, ...others] = fitting.filter(({ fits }) => fits === best);
  if (first) return { digest: first.offer.digest, alternatives: others.length };
  throw unknownPlatform(
    wanted,
    offers.map(({ platform }) => platform),
    'the index has',
  );
}

function unknownPlatform(wanted: WantedPlatform, there: readonly WantedPlatform[], what: string): LadingError {
  const names = [...new Set(there.map(formatPlatform))].sort();
  const list = names.length === 0 ? 'no image that names its platform' : names.slice(0, 30).join(', ');
  const hint = names.length === 0 ? {} : { hint: 'choose with --platform; --all-platforms takes all of an index' };
  return new LadingError('platform-unknown', `there is no image for ${formatPlatform(wanted)}; ${what} ${list}`, hint);
}

async function collectOffers(source: ImageSource, root: ImageIndex): Promise<readonly Offer[]> {
  const offers: Offer[] = [];
  const seen = new Set<Digest>([root.digest]);
  const visit = async (index: ImageIndex, depth: number): Promise<void> => {
    for (const descriptor of index.manifests) {
      if (seen.has(descriptor.digest) || !isManifestType(descriptor.mediaType)) continue;
      if (isUnknownPlatform(descriptor.platform)) continue;
      seen.add(descriptor.digest);
      if (seen.size > MAX_OFFERS) throw new LimitExceededError('index-entries', `over ${MAX_OFFERS} manifests`);
      if (descriptor.platform && !isIndexType(descriptor.mediaType)) {
        offers.push({ digest: descriptor.digest, platform: toWanted(descriptor.platform) });
        continue;
      }
      const child = await source.manifest(descriptor.digest);
      if (child?.kind === 'index' && depth < MAX_DEPTH) await visit(child, depth + 1);
      else await offerUnnamed(descriptor, child);
    }
  };
  /** An entry may leave its platform to the image's configuration. */
  const offerUnnamed = async ({ digest }: Descriptor, child: Manifest | undefined): Promise<void> => {
    const platform = child?.kind === 'image' ? await platformOfImage(source, child) : undefined;
    if (platform) offers.push({ digest, platform });
  };
  await visit(root, 1);
  return offers;
}

async function platformOfImage(source: ImageSource, { config }: ImageManifest): Promise<WantedPlatform | undefined> {
  try {
    const { os, architecture, variant } = await readConfig(source, config);
    return os && architecture ? toWanted({ os, architecture, variant }) : undefined;
  } catch (error) {
    // What the configuration is worth is judged where the image is read; here it only fails to name a platform.
    const bad = ['image-config-invalid', 'size-mismatch', 'digest-mismatch', 'limit-exceeded'];
    if (isLadingError(error) && bad.includes(error.code)) return undefined;
    throw error;
  }
}

const toWanted = (platform: { os: string; architecture: string; variant?: string | undefined }): WantedPlatform => ({
  os: platform.os.toLowerCase(),
  architecture: platform.architecture.toLowerCase(),
  ...(platform.variant ? { variant: platform.variant.toLowerCase() } : {}),
});
