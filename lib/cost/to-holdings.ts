import type { Digest } from '../core/digest.ts';
import type { CatalogEntry } from '../inventory/index.ts';
import { blobsOfEntry } from '../lifecycle/index.ts';
import { rootsOf } from '../storage/index.ts';
import type { Holding } from './model.ts';

export interface Period {
  /** ms since 1970; the end is not included. */
  readonly from: number;
  readonly until: number;
}

interface Span {
  readonly owner: string;
  readonly from: number;
  readonly until: number;
}

/**
 * What the manifests of one repository keep stored within a period, and for whom. A manifest is held from its push until
 * its deletion, as far as the catalogue knows them; what was deleted and pushed again counts from its latest push. It is
 * held for the images that it belongs to, as long as they are there, and for itself when none is.
 *
 * @param entries with those that are deleted
 */
export function holdingsOf(
  entries: readonly CatalogEntry[],
  naming: { readonly ownerOf: (root: CatalogEntry) => string; readonly storeOf: (entry: CatalogEntry) => string },
  period: Period,
): readonly Holding[] {
  const roots = rootsOf(entries);
  return entries.flatMap((entry) => {
    const span = spanOf(entry, period);
    if (span.until <= span.from) return [];
    const owned = ownersOver(span, roots.get(entry.digest) ?? [entry], entry, naming.ownerOf, period);
    const store = naming.storeOf(entry);
    return blobsOfEntry(entry).flatMap(([blob, bytes]: readonly [Digest, number]) =>
      owned.map((one) => ({ ...one, store, blob, bytes })),
    );
  });
}

function spanOf(entry: CatalogEntry, period: Period): Period {
  return {
    from: Math.max(Date.parse(entry.pushedAt), period.from),
    until: Math.min(entry.deletedAt === undefined ? period.until : Date.parse(entry.deletedAt), period.until),
  };
}

/** Who holds an entry when: each of its images while both are there, and it itself while none is. */
function ownersOver(
  span: Period,
  roots: readonly CatalogEntry[],
  entry: CatalogEntry,
  ownerOf: (root: CatalogEntry) => string,
  period: Period,
): readonly Span[] {
  const owned: Span[] = [];
  for (const root of roots) {
    const { from, until } = root.digest === entry.digest ? span : spanOf(root, period);
    const both = { from: Math.max(from, span.from), until: Math.min(until, span.until) };
    if (both.until > both.from) owned.push({ owner: ownerOf(root), ...both });
  }
  let covered = span.from;
  const gaps: Span[] = [];
  for (const { from, until } of owned.toSorted((a, b) => a.from - b.from)) {
    if (from > covered) gaps.push({ owner: ownerOf(entry), from: covered, until: from });
    covered = Math.max(covered, until);
  }
  if (covered < span.until) gaps.push({ owner: ownerOf(entry), from: covered, until: span.until });
  return [...owned, ...gaps];
}
