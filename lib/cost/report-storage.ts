import type { CatalogReader } from '../inventory/index.ts';
import { type OwnerBy, ownerNamer, type StorageConfig, storeNamer } from '../storage/index.ts';
import type { Holding } from './model.ts';
import { gbMonths } from './prices.ts';
import { shareByteTime } from './share-byte-time.ts';
import { holdingsOf, type Period } from './to-holdings.ts';

export interface StorageLine {
  readonly owner: string;
  /** Gigabytes for a month of 730 hours; see `Share`. */
  readonly fairGbMonths: number;
  readonly aloneGbMonths: number;
  readonly apartGbMonths: number;
}

export interface StorageTimeReport {
  readonly from: string;
  readonly until: string;
  /** The largest share first. */
  readonly lines: readonly StorageLine[];
  readonly totalGbMonths: number;
}

/** What the catalogue says was held in a period. */
export async function gatherHoldings(
  catalog: Pick<CatalogReader, 'repositories' | 'entries'>,
  period: Period,
  by: OwnerBy,
  config: StorageConfig,
): Promise<readonly Holding[]> {
  const naming = { ownerOf: ownerNamer(by, config), storeOf: storeNamer(config) };
  const holdings: Holding[] = [];
  for await (const of of catalog.repositories()) {
    const entries = await Array.fromAsync(catalog.entries(of, { deleted: true }));
    for (const holding of holdingsOf(entries, naming, period)) holdings.push(holding);
  }
  return holdings;
}

/**
 * What was stored in a period and by whom. Children and referrers are counted for the image that they belong to where
 * the catalogue knows it, so that a label of the image covers its signatures too.
 */
export async function reportStorage(
  catalog: Pick<CatalogReader, 'repositories' | 'entries'>,
  period: Period,
  by: OwnerBy,
  config: StorageConfig,
): Promise<StorageTimeReport> {
  const { shares, total } = shareByteTime(await gatherHoldings(catalog, period, by, config));
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
