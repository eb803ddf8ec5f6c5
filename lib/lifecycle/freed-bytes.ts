import type { Digest } from '../core/digest.ts';
import type { CatalogEntry, RepositoryName } from '../inventory/index.ts';

/** What is stored under a digest: its layers, its config and the manifest itself; a layer listed twice comes once. */
export function blobsOfEntry(entry: CatalogEntry): readonly (readonly [Digest, number])[] {
  const blobs: [Digest, number][] = [];
  let content = 0;
  for (const { digest, size } of entry.config ? [...entry.layers, entry.config] : entry.layers) {
    if (blobs.some(([known]) => known === digest)) continue;
    blobs.push([digest, size]);
    content += size;
  }
  blobs.push([entry.digest, Math.max(0, entry.sizeBytes - content)]);
  return blobs;
}

/** Bytes that only the deleted manifests hold, in the whole registry; storage is shared between its repositories. */
export function freedBytes(
  inputs: { readonly entries: readonly CatalogEntry[]; readonly heldElsewhere: (blob: Digest) => boolean },
  deleted: ReadonlySet<Digest>,
): number {
  if (deleted.size === 0) return 0;
  const seen = new Set<Digest>();
  for (const entry of inputs.entries) {
    if (deleted.has(entry.digest)) continue;
    seen.add(entry.digest);
    if (entry.config) seen.add(entry.config.digest);
    for (const { digest } of entry.layers) seen.add(digest);
  }
  let bytes = 0;
  // A blob counts once, and not at all where something that stays holds it.
  const count = (blob: Digest, size: number): void => {
    if (seen.has(blob)) return;
    seen.add(blob);
    if (!inputs.heldElsewhere(blob)) bytes += size;
  };
  for (const entry of inputs.entries) {
    if (!deleted.has(entry.digest)) continue;
    // As `blobsOfEntry`, without a list for each of a hundred thousand manifests.
    let content = 0;
    for (const [i, { digest, size }] of entry.layers.entries()) {
      if (i > 0 && entry.layers.findIndex((one) => one.digest === digest) < i) continue;
      content += size;
      count(digest, size);
    }
    if (entry.config && !entry.layers.some((one) => one.digest === entry.config?.digest)) {
      content += entry.config.size;
      count(entry.config.digest, entry.config.size);
    }
    count(entry.digest, Math.max(0, entry.sizeBytes - content));
  }
  return bytes;
}

/**
 * Whether another repository of the registry holds a blob. Of each blob the first holder is kept, and then only that
 * there are several: a list of all of them would be as long as the catalogue.
 */
export function sharedBlobs(
  repositories: readonly { readonly of: RepositoryName; readonly entries: readonly CatalogEntry[] }[],
): (blob: Digest, of: RepositoryName) => boolean {
  if (repositories.length < 2) return () => false;
  const holders = new Map<Digest, RepositoryName | 'several'>();
  const note = (blob: Digest, of: RepositoryName): void => {
    const before = holders.get(blob);
    if (before === undefined) holders.set(blob, of);
    else if (before !== of) holders.set(blob, 'several');
  };
  for (const { of, entries } of repositories) {
    for (const entry of entries) {
      note(entry.digest, of);
      if (entry.config) note(entry.config.digest, of);
      for (const { digest } of entry.layers) note(digest, of);
    }
  }
  return (blob, of) => {
    const holder = holders.get(blob);
    return holder === 'several' || (holder !== undefined && holder !== of);
  };
}
