import { mapLimit } from '../../core/concurrency.ts';
import type { Digest } from '../../core/digest.ts';
import { locationKey } from '../../core/image-reference.ts';
import type { CatalogReader } from '../../inventory/index.ts';
import type { LayerKnowledge } from '../ports.ts';
import type { LayerContents } from './layer-contents.ts';
import { findNearDuplicates, type LayerProfile, type NearDuplicates, profileOf } from './near-duplicates.ts';

export interface LayerAdvice {
  /** What wastes most first; at most a hundred. */
  readonly groups: readonly (NearDuplicates & {
    /** Images that have one of the layers; at most ten are named. */
    readonly images: readonly string[];
  })[];
  readonly wasted: number;
  /** Layers that were compared: the largest of which something is known. */
  readonly compared: number;
  /** Layers that there are. */
  readonly layers: number;
  /** Layers among the largest of which nothing was read yet. */
  readonly unknown: number;
}

const MOST_GROUPS = 100;
const MOST_NAMED = 10;

/** What a layer says never changes, so a profile that was made once serves for good. */
export type ProfileCache = Map<Digest, LayerProfile>;
const MOST_KEPT = 20_000;

/** Compares the largest layers of the whole catalogue by their stored inventories. No layer is read. */
export async function adviseLayers(
  ports: {
    readonly catalog: Pick<CatalogReader, 'repositories' | 'entries'>;
    readonly layers: LayerKnowledge;
    readonly profiles: ProfileCache;
  },
  most: number,
): Promise<LayerAdvice> {
  const sizes = new Map<Digest, number>();
  const images = new Map<Digest, Set<string>>();
  for await (const of of ports.catalog.repositories()) {
    for await (const entry of ports.catalog.entries(of)) {
      if (entry.artifactClass !== 'image' || entry.replicaOf !== undefined) continue;
      for (const { digest, size } of entry.layers) {
        sizes.set(digest, size);
        images.set(digest, (images.get(digest) ?? new Set()).add(locationKey(entry)));
      }
    }
  }
  const largest = [...sizes].sort((a, b) => b[1] - a[1]).slice(0, most);
  const contents = new Map<Digest, LayerContents>();
  const profiles = await mapLimit(largest, 8, async ([digest]) => {
    const known = ports.profiles.get(digest);
    const read = await ports.layers.contents(digest);
    if (read) contents.set(digest, read);
    if (known) return known;
    const inventory = await ports.layers.inventory(digest);
    const made = inventory && profileOf(inventory);
    if (made && ports.profiles.size < MOST_KEPT) ports.profiles.set(digest, made);
    return made;
  });
  const compared = profiles.filter((one) => one !== undefined);
  const groups = findNearDuplicates(compared, contents);
  return {
    groups: groups.slice(0, MOST_GROUPS).map((group) => ({
      ...group,
      images: [...new Set(group.layers.flatMap(({ digest }) => [...(images.get(digest) ?? [])]))]
        .sort()
        .slice(0, MOST_NAMED),
    })),
    wasted: groups.reduce((sum, { wasted }) => sum + wasted, 0),
    compared: compared.length,
    layers: sizes.size,
    unknown: largest.length - compared.length,
  };
}
