import type { ArchivePrices } from '../lifecycle/index.ts';
import { ecrPlace } from '../storage/index.ts';
import { type Prices, pricesOf } from './prices.ts';

/** What keeping an image in a registry costs, and what archiving it; elsewhere than on AWS, by what is usual. */
export function archivePricesOf(prices: Prices): (registry: string) => ArchivePrices {
  return (registry) => {
    const of = pricesOf(prices, ecrPlace(registry)?.region ?? '');
    return {
      ...{ asOf: prices.asOf, bytesPerGb: prices.bytesPerGb, keepPerGbMonth: of.storagePerGbMonth },
      bucket: { perGbMonth: of.archivePerGbMonth, minimumDays: of.archiveMinimumDays },
      registry: { perGbMonth: of.ecrArchivePerGbMonth, minimumDays: of.ecrArchiveMinimumDays },
    };
  };
}
