import type { CatalogEntry } from '../inventory/index.ts';
import { blobsOfEntry } from '../lifecycle/index.ts';
import type { Holding } from './model.ts';

export interface Period {
  /** ms since 1970; the end is not included. */
  readonly from: number;
  readonly until: number;
}

/** By whom storage is counted: each repository, each registry, or the value of a label. */
export type OwnerBy = 'repository' | 'registry' | { readonly label: string };

export const UNLABELLED = '(no label)';

export function ownerOf(entry: CatalogEntry, by: OwnerBy): string {
  if (by === 'registry') return entry.registry;
  return by === 'repository' ? `${entry.registry}/${entry.repository}` : (entry.labels[by.label] ?? UNLABELLED);
}

/**
 * What an image keeps stored within a period. It is held from its push until its deletion, as far as the catalogue
 * knows them; an image that was deleted and pushed again counts from its latest push.
 *
 * @param owner whom it is counted for
 */
export function holdingsOf(entry: CatalogEntry, owner: string, period: Period): readonly Holding[] {
  const from = Math.max(Date.parse(entry.pushedAt), period.from);
  const until = Math.min(entry.deletedAt === undefined ? period.until : Date.parse(entry.deletedAt), period.until);
  if (until <= from) return [];
  return blobsOfEntry(entry).map(([blob, bytes]) => ({ owner, store: entry.registry, blob, bytes, from, until }));
}
