import { mapLimit } from '../../core/concurrency.ts';
import { type Digest, isDigest } from '../../core/digest.ts';
import { isLadingError } from '../../core/errors.ts';
import type { ImageLocation } from '../../core/image-reference.ts';
import { chainIdsOf, type ImageConfig, type ImageManifest, type Manifest } from '../../formats/oci/index.ts';
import type { Base } from '../model.ts';
import { guessBaseLayers } from './guess-base.ts';

/** Knows images by the content of their layers. */
export interface KnownBases {
  /** An image that consists of exactly the layers that the chain id names. */
  firstWith(chainId: Digest): Promise<ImageLocation | undefined>;
}

interface Ports {
  readonly manifest: (digest: Digest) => Promise<Manifest | undefined>;
  readonly knownBases?: KnownBases | undefined;
}

/** Images have up to 127 layers; the highest so many are looked at as the end of a base. */
const MAX_CHAINS = 64;
/** Of an index that is named as the base. */
const MAX_CHILDREN = 16;

/**
 * Finds the image that another was built on, and how many of the lowest layers are its: the image that the annotations
 * name, if it is here and its layers are the lowest; else the known image with the most layers of which that is true;
 * else what the history tells. The first two are proven by the layers, the last is a guess, and the evidence says so.
 *
 * @throws what the catalogue throws; an annotation that leads nowhere is no error
 */
export async function findBase(
  manifest: ImageManifest,
  config: ImageConfig | undefined,
  ports: Ports,
): Promise<Base | undefined> {
  const claim = claimOf(manifest, config);
  const [annotated, known] = await Promise.all([
    claim.digest === undefined ? undefined : annotatedBase(manifest, claim.digest, ports),
    config && ports.knownBases ? knownBase(config.diffIds, ports.knownBases) : undefined,
  ]);
  const name = claim.name === undefined ? {} : { name: claim.name };
  if (annotated !== undefined) return { evidence: 'annotation', layers: annotated, image: claim.digest, ...name };
  if (known) {
    const { layers, image } = known;
    const confirmed = image.digest === claim.digest;
    const found = `${image.registry}/${image.repository}`;
    return {
      evidence: confirmed ? 'annotation' : 'known-image',
      layers,
      image: image.digest,
      name: (confirmed ? claim.name : undefined) ?? found,
    };
  }
  const guessed = config && guessBaseLayers(config);
  return guessed === undefined ? undefined : { evidence: 'history', layers: guessed, ...name };
}

/** OCI image specification 1.1, "Pre-Defined Annotation Keys"; some builders write them as labels alone. */
function claimOf(manifest: ImageManifest, config: ImageConfig | undefined): { digest?: Digest; name?: string } {
  const read = (key: string): string | undefined => {
    for (const map of [manifest.annotations, config?.labels]) if (map && Object.hasOwn(map, key)) return map[key];
    return undefined;
  };
  const digest = read('org.opencontainers.image.base.digest');
  const name = read('org.opencontainers.image.base.name')?.slice(0, MAX_NAME);
  return { ...(isDigest(digest) ? { digest } : {}), ...(name ? { name } : {}) };
}

/** A repository's name has at most 255 characters, with host and tag somewhat more. */
const MAX_NAME = 512;

async function knownBase(diffIds: readonly Digest[], known: KnownBases) {
  // All layers together are the image itself.
  const chains = chainIdsOf(diffIds).slice(0, -1);
  const asked = chains.map((chainId, i) => ({ chainId, layers: i + 1 })).slice(-MAX_CHAINS);
  const found = await mapLimit(asked.reverse(), 16, async ({ chainId, layers }) => {
    const image = await known.firstWith(chainId);
    return image && { layers, image };
  });
  return found.find((one) => one !== undefined);
}

/** How many layers the named image has, where it is in the same repository and its layers are the lowest. */
async function annotatedBase(manifest: ImageManifest, digest: Digest, ports: Ports): Promise<number | undefined> {
  const load = async (one: Digest): Promise<Manifest | undefined> => {
    try {
      return await ports.manifest(one);
    } catch (error) {
      // It is a stranger's claim about another image: that it is unreadable says nothing of this one.
      if (isLadingError(error)) return undefined;
      throw error;
    }
  };
  const layersOf = (base: Manifest | undefined): number | undefined => {
    if (base?.kind !== 'image' || base.layers.length === 0 || base.layers.length >= manifest.layers.length) return;
    return base.layers.every((layer, i) => layer.digest === manifest.layers[i]?.digest)
      ? base.layers.length
      : undefined;
  };
  const named = digest === manifest.digest ? undefined : await load(digest);
  if (named?.kind !== 'index') return layersOf(named);
  for (const child of named.manifests.slice(0, MAX_CHILDREN)) {
    const layers = layersOf(await load(child.digest));
    if (layers !== undefined) return layers;
  }
  return undefined;
}
