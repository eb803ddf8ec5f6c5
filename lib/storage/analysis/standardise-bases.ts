import type { Digest } from '../../core/digest.ts';
import { locationKey } from '../../core/image-reference.ts';
import type { CatalogEntry, CatalogReader, TagBinding } from '../../inventory/index.ts';
import type { StorageConfig } from '../config.ts';
import { storeNamer } from '../owners.ts';

/** One version of a base, as it is built upon. */
export interface BaseVersion {
  /** `registry/repository@digest`; absent where no image of the catalogue is just these layers. */
  readonly image: string | undefined;
  readonly tags: readonly string[];
  readonly platform: string | undefined;
  /** When it was pushed, or else when the first image on it was. */
  readonly pushedAt: string;
  /** Images that are built on it. */
  readonly images: number;
  /** At most twenty are named. */
  readonly named: readonly string[];
  /** Bytes of its layers. */
  readonly bytes: number;
  /** Versions of its repository and platform that came after it. */
  readonly behind: number;
  /** Days between its push and that of the newest version. */
  readonly daysBehind: number;
  /**
   * Bytes that would go if every image on it moved to the newest version and it were deleted: its layers that neither
   * another version nor an image on one holds.
   */
  readonly mergingSaves: number;
}

export interface Base {
  /** `registry/repository`, or `unknown base` with its first layer. */
  readonly name: string;
  /** The newest first. */
  readonly versions: readonly BaseVersion[];
  readonly images: number;
  readonly mergingSaves: number;
}

export interface BaseReport {
  /** Most images first. */
  readonly bases: readonly Base[];
  /** Images on whose lowest layer no other image is built. */
  readonly withoutBase: number;
  readonly images: number;
  readonly mergingSaves: number;
}

interface Version {
  readonly key: string;
  readonly base: CatalogEntry | undefined;
  readonly layers: CatalogEntry['layers'];
  readonly dependents: CatalogEntry[];
}

const MOST_NAMED = 20;
const chainKey = (platform: string | undefined, layers: readonly { digest: Digest }[], count = layers.length): string =>
  `${platform ?? ''} ${layers
    .slice(0, count)
    .map(({ digest }) => digest)
    .join(' ')}`;

/**
 * On what images are built: the base of an image is the one with the most layers whose layers are all the image's lowest.
 * Where the catalogue has none, images that begin with the same layers have an unknown base in common. Layers alone
 * decide: a label would say what a builder believed.
 */
export async function standardiseBases(
  catalog: Pick<CatalogReader, 'repositories' | 'entries' | 'tags'>,
  config: Pick<StorageConfig, 'sharing'>,
): Promise<BaseReport> {
  const images: CatalogEntry[] = [];
  const tags = new Map<string, string[]>();
  for await (const of of catalog.repositories()) {
    for await (const entry of catalog.entries(of)) {
      if (entry.artifactClass === 'image' && entry.layers.length > 0 && entry.replicaOf === undefined)
        images.push(entry);
    }
    for await (const binding of catalog.tags(of)) addTag(tags, binding);
  }
  const versions = findVersions(images);
  const withoutBase = images.length - [...versions.values()].reduce((sum, one) => sum + one.dependents.length, 0);
  const bases = groupVersions(versions, images, tags, storeNamer(config));
  return {
    bases,
    withoutBase,
    images: images.length,
    mergingSaves: bases.reduce((sum, one) => sum + one.mergingSaves, 0),
  };
}

function addTag(tags: Map<string, string[]>, { registry, repository, tag, digest }: TagBinding): void {
  if (digest === undefined) return;
  const key = locationKey({ registry, repository, digest });
  tags.set(key, [...(tags.get(key) ?? []), tag]);
}

/** Versions of bases with the images that are built on each, by the chain of layers. */
function findVersions(images: readonly CatalogEntry[]): ReadonlyMap<string, Version> {
  const exact = new Map<string, CatalogEntry>();
  for (const image of [...images].sort((a, b) => (a.pushedAt < b.pushedAt ? -1 : a.pushedAt > b.pushedAt ? 1 : 0))) {
    const key = chainKey(image.platform, image.layers);
    if (!exact.has(key)) exact.set(key, image);
  }
  const versions = new Map<string, Version>();
  const put = (key: string, base: CatalogEntry | undefined, layers: CatalogEntry['layers'], image: CatalogEntry) => {
    const version = versions.get(key) ?? { key, base, layers, dependents: [] };
    versions.set(key, version);
    version.dependents.push(image);
  };
  const orphans: CatalogEntry[] = [];
  for (const image of images) {
    let found = false;
    for (let count = image.layers.length - 1; count > 0 && !found; count--) {
      const key = chainKey(image.platform, image.layers, count);
      const base = exact.get(key);
      if (base === undefined) continue;
      put(key, base, image.layers.slice(0, count), image);
      found = true;
    }
    if (!found) orphans.push(image);
  }
  const starts = Map.groupBy(
    orphans.filter(({ layers }) => layers.length > 1),
    ({ platform, layers }) => chainKey(platform, layers, 1),
  );
  for (const alike of starts.values()) {
    // Builds of one repository share their lowest layers as well; a base is what several repositories are built on.
    if (new Set(alike.map(({ registry, repository }) => `${registry}/${repository}`)).size < 2) continue;
    const [first] = alike;
    if (first === undefined) continue;
    const count = commonLength(alike);
    for (const image of alike)
      put(chainKey(first.platform, first.layers, count), undefined, first.layers.slice(0, count), image);
  }
  return versions;
}

/** Layers that all have in common from the lowest on, and less than any has. */
function commonLength(images: readonly CatalogEntry[]): number {
  const [first] = images;
  let count = Math.min(...images.map(({ layers }) => layers.length - 1));
  for (const image of images) {
    for (let i = 0; i < count; i++) if (image.layers[i]?.digest !== first?.layers[i]?.digest) count = i;
  }
  return Math.max(1, count);
}

function groupVersions(
  versions: ReadonlyMap<string, Version>,
  images: readonly CatalogEntry[],
  tags: ReadonlyMap<string, readonly string[]>,
  storeOf: (entry: CatalogEntry) => string,
): readonly Base[] {
  const nameOf = ({ base, layers }: Version): string =>
    base ? `${base.registry}/${base.repository}` : `unknown base ${layers[0]?.digest.slice(0, 19) ?? ''}`;
  const inRepository = Map.groupBy(images, ({ registry, repository }) => `${registry}/${repository}`);
  const holders = new Map<string, Set<CatalogEntry>>();
  for (const image of images) {
    for (const { digest } of image.layers) {
      const key = `${storeOf(image)} ${digest}`;
      const set = holders.get(key) ?? new Set();
      holders.set(key, set.add(image));
    }
  }
  const bases = [...Map.groupBy(versions.values(), nameOf)].map(([name, all]) => {
    const described = all.map((version) => describe(version, inRepository.get(name) ?? [], tags, storeOf, holders));
    described.sort((a, b) => (a.pushedAt > b.pushedAt ? -1 : a.pushedAt < b.pushedAt ? 1 : 0));
    return {
      name,
      versions: described,
      images: described.reduce((sum, one) => sum + one.images, 0),
      mergingSaves: described.reduce((sum, one) => sum + one.mergingSaves, 0),
    };
  });
  return bases.sort((a, b) => b.images - a.images || (a.name < b.name ? -1 : 1));
}

function describe(
  { base, layers, dependents }: Version,
  siblings: readonly CatalogEntry[],
  tags: ReadonlyMap<string, readonly string[]>,
  storeOf: (entry: CatalogEntry) => string,
  holders: ReadonlyMap<string, ReadonlySet<CatalogEntry>>,
): BaseVersion {
  const first = dependents.map(({ pushedAt }) => pushedAt).sort()[0] ?? '';
  const pushedAt = base?.pushedAt ?? first;
  const own = chainKey(base?.platform, layers);
  const later = siblings.filter(
    (one) =>
      base !== undefined &&
      one.platform === base.platform &&
      one.pushedAt > base.pushedAt &&
      chainKey(one.platform, one.layers) !== own,
  );
  const newest = later
    .map((one) => one.pushedAt)
    .sort()
    .at(-1);
  const leaving = new Set<CatalogEntry>([...dependents, ...(base ? [base] : [])]);
  const stores = new Set([...leaving].map(storeOf));
  let mergingSaves = 0;
  for (const { digest, size } of newest === undefined ? [] : layers) {
    for (const store of stores) {
      const held = holders.get(`${store} ${digest}`);
      if (held !== undefined && [...held].every((image) => leaving.has(image))) mergingSaves += size;
    }
  }
  return {
    image: base && locationKey(base),
    tags: base ? (tags.get(locationKey(base)) ?? []) : [],
    platform: dependents[0]?.platform,
    pushedAt,
    images: dependents.length,
    named: dependents.map(locationKey).sort().slice(0, MOST_NAMED),
    bytes: layers.reduce((sum, { size }) => sum + size, 0),
    behind: new Set(later.map((one) => chainKey(one.platform, one.layers))).size,
    daysBehind: newest === undefined ? 0 : Math.round((Date.parse(newest) - Date.parse(pushedAt)) / 86_400_000),
    mergingSaves,
  };
}
