import type { CatalogReader } from '../inventory/index.ts';
import type { Holding } from './model.ts';
import { gbMonths } from './prices.ts';
import { shareByteTime } from './share-byte-time.ts';
import { holdingsOf, type OwnerBy, ownerOf, type Period } from './to-holdings.ts';

export interface StorageLine {
  readonly owner: string;
  /** Gigabytes for a month of 730 hours; see `Share`. */
  readonly fairGbMonths: number;
  readonly aloneGbMonths: number;
  readonly apartGbMonths: number;
}

export interface StorageReport {
  readonly from: string;
  readonly until: string;
  /** The largest share first. */
  readonly lines: readonly StorageLine[];
  readonly totalGbMonths: number;
}

/**
 * What was stored in a period and by whom. Children and referrers are counted for the image that they belong to where
 * the catalogue knows it, so that a label of the image covers its signatures too.
 */
export async function reportStorage(catalog: CatalogReader, period: Period, by: OwnerBy): Promise<StorageReport> {
  const holdings: Holding[] = [];
  for await (const of of catalog.repositories()) {
    const entries = await Array.fromAsync(catalog.entries(of, { deleted: true }));
    const known = new Map(entries.map((entry) => [entry.digest, entry]));
    const parents = new Map(entries.flatMap((entry) => entry.children.map(({ digest }) => [digest, entry] as const)));
    for (const entry of entries) {
      const about = entry.referrerOf === undefined ? entry : (known.get(entry.referrerOf) ?? entry);
      const parent = parents.get(about.digest);
      const own = ownerOf(about, by);
      const owner = parent && !(typeof by === 'object' && by.label in about.labels) ? ownerOf(parent, by) : own;
      holdings.push(...holdingsOf(entry, owner, period));
    }
  }
  const { shares, total } = shareByteTime(holdings);
  const lines = [...shares].map(([owner, { fair, alone, apart }]) => ({
    owner,
    fairGbMonths: gbMonths(fair),
    aloneGbMonths: gbMonths(alone),
    apartGbMonths: gbMonths(apart),
  }));
  lines.sort((a, b) => b.fairGbMonths - a.fairGbMonths || (a.owner < b.owner ? -1 : 1));
  return {
    from: new Date(period.from).toISOString(),
    until: new Date(period.until).toISOString(),
    lines,
    totalGbMonths: gbMonths(total),
  };
}
