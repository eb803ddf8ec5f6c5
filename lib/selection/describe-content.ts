import type { Digest } from '../core/digest.ts';
import type { CatalogEntry } from '../inventory/index.ts';
import type { Selectable } from './model.ts';

/** What the catalogue knows of the content of an image; `referrers` are those of the image itself. */
export function describeContent(
  entry: CatalogEntry,
  find: (digest: Digest) => CatalogEntry | undefined,
  referrers: readonly Digest[],
): Omit<Selectable, 'tags'> {
  const children = entry.children.map(({ digest }) => find(digest)).filter((child) => child !== undefined);
  const platforms = [entry, ...entry.children].map(({ platform }) => platform).filter((one) => one !== undefined);
  return {
    artifactClass: entry.artifactClass,
    platforms,
    labels: toMap(entry.labels),
    signed: referrers.some((digest) => find(digest)?.artifactClass === 'signature'),
    sizeBytes: [entry, ...children].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  };
}

const none: ReadonlyMap<string, string> = new Map();

function toMap(labels: CatalogEntry['labels']): ReadonlyMap<string, string> {
  const pairs = Object.entries(labels);
  return pairs.length === 0 ? none : new Map(pairs);
}
