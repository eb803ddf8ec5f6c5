import type { Digest } from '../../core/digest.ts';
import type { CatalogEntry, CatalogReader } from '../../inventory/index.ts';
import { blobsOfEntry } from '../../lifecycle/index.ts';
import type { StorageConfig } from '../config.ts';
import type { OwnerBy, OwnerStorage, SharedGroup, StorageReport } from '../model.ts';
import { ownerNamer, rootsOf, storeNamer } from '../owners.ts';

/** A blob in one store, with whoever holds it. */
export interface StoredBlob {
  readonly digest: Digest;
  readonly bytes: number;
  readonly store: string;
  /** By the time of the push that first brought it to each. */
  readonly owners: ReadonlyMap<string, string>;
}

const MOST_GROUPS = 200;

/** Every blob that is stored now, once for each store, with its owners; and how many images each owner has. */
export async function gatherBlobs(
  catalog: Pick<CatalogReader, 'repositories' | 'entries'>,
  by: OwnerBy,
  config: StorageConfig,
): Promise<{ readonly blobs: readonly StoredBlob[]; readonly images: ReadonlyMap<string, number> }> {
  const storeOf = storeNamer(config);
  const ownerOf = ownerNamer(by, config);
  const blobs = new Map<string, { digest: Digest; bytes: number; store: string; owners: Map<string, string> }>();
  const images = new Map<string, number>();
  for await (const of of catalog.repositories()) {
    const entries = await Array.fromAsync(catalog.entries(of));
    const roots = rootsOf(entries);
    for (const entry of entries) {
      const above = roots.get(entry.digest) ?? [entry];
      const owners = new Set(above.map(ownerOf));
      const isRoot = above.some(({ digest }) => digest === entry.digest);
      for (const owner of isRoot ? owners : []) images.set(owner, (images.get(owner) ?? 0) + 1);
      const store = storeOf(entry);
      for (const [digest, bytes] of blobsOfEntry(entry)) {
        const key = `${store} ${digest}`;
        const blob = blobs.get(key) ?? { digest, bytes, store, owners: new Map() };
        blobs.set(key, blob);
        for (const owner of owners) blob.owners.set(owner, earlier(blob.owners.get(owner), firstOf(entry)));
      }
    }
  }
  return { blobs: [...blobs.values()], images };
}

const firstOf = ({ firstSeenAt, pushedAt }: CatalogEntry): string => (firstSeenAt < pushedAt ? firstSeenAt : pushedAt);
const earlier = (a: string | undefined, b: string): string => (a !== undefined && a <= b ? a : b);

/**
 * What is stored now and by whom, to the byte: each blob once for each store, however many images hold it. What belongs
 * to an image (children, signatures, SBOMs) counts for the image.
 */
export async function measureStorage(
  catalog: Pick<CatalogReader, 'repositories' | 'entries'>,
  by: OwnerBy,
  config: StorageConfig,
  at: Date,
): Promise<StorageReport> {
  const { blobs, images } = await gatherBlobs(catalog, by, config);
  const owners = new Map<string, { -readonly [K in keyof OwnerStorage]: OwnerStorage[K] }>();
  const lineOf = (owner: string) => {
    const line = owners.get(owner) ?? {
      ...{ owner, images: images.get(owner) ?? 0, bytes: 0, unique: 0, shared: 0, fair: 0, added: 0 },
    };
    owners.set(owner, line);
    return line;
  };
  for (const owner of images.keys()) lineOf(owner);
  let totalBytes = 0;
  for (const { bytes, owners: held } of blobs) {
    totalBytes += bytes;
    const names = [...held.keys()].sort();
    const first = names.reduce((a, b) => ((held.get(b) ?? '') < (held.get(a) ?? '') ? b : a));
    lineOf(first).added += bytes;
    const rest = bytes % names.length;
    for (const [i, name] of names.entries()) {
      const line = lineOf(name);
      line.bytes += bytes;
      if (names.length === 1) line.unique += bytes;
      else line.shared += bytes;
      // What does not divide evenly goes to the first by name, a byte each.
      line.fair += (bytes - rest) / names.length + (i < rest ? 1 : 0);
    }
  }
  const sorted = [...owners.values()].sort((a, b) => b.bytes - a.bytes || (a.owner < b.owner ? -1 : 1));
  const groups = groupsOf(blobs);
  const others = groups.slice(MOST_GROUPS);
  return {
    at: at.toISOString(),
    owners: sorted,
    totalBytes,
    apartBytes: sorted.reduce((sum, { bytes }) => sum + bytes, 0),
    groups: groups.slice(0, MOST_GROUPS),
    otherGroups: {
      count: others.length,
      bytes: others.reduce((sum, { bytes }) => sum + bytes, 0),
      saved: others.reduce((sum, { saved }) => sum + saved, 0),
    },
  };
}

/** Who shares what: blobs by the very owners that hold them, what saves most first. */
function groupsOf(blobs: readonly StoredBlob[]): readonly SharedGroup[] {
  const groups = new Map<string, { owners: string[]; bytes: number; blobs: number; largest: Digest; most: number }>();
  for (const { digest, bytes, owners } of blobs) {
    if (owners.size < 2) continue;
    const names = [...owners.keys()].sort();
    const key = names.join('\0');
    const group = groups.get(key) ?? { owners: names, bytes: 0, blobs: 0, largest: digest, most: -1 };
    groups.set(key, group);
    group.bytes += bytes;
    group.blobs++;
    if (bytes > group.most) [group.most, group.largest] = [bytes, digest];
  }
  return [...groups.values()]
    .map(({ most: _most, ...group }) => ({ ...group, saved: group.bytes * (group.owners.length - 1) }))
    .sort((a, b) => b.saved - a.saved || (a.largest < b.largest ? -1 : 1));
}
