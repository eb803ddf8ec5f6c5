import { z } from 'zod';
import { LadingError } from '../core/errors.ts';

const amount = z.number().nonnegative().max(1_000_000);

/** US dollars. A gigabyte is what `bytesPerGb` says, a month the calendar's. */
const regionPricesSchema = z.strictObject({
  storagePerGbMonth: amount,
  /** Where archived images are kept. */
  archivePerGbMonth: amount,
  /** Days of it that are billed in any case (S3 Glacier Instant Retrieval: 90). */
  archiveMinimumDays: amount,
  /** Of reading out of the archive. */
  restorePerGb: amount,
  /** ECR's archival storage class, up to 150 TB; its minimum stay, and of restoring out of it. */
  ecrArchivePerGbMonth: amount,
  ecrArchiveMinimumDays: amount,
  ecrRestorePerGb: amount,
  /** Out of the region to another one. */
  transferPerGb: amount,
  /** Out of the region to the internet. */
  internetPerGb: amount,
  /** Of an image that a scanner looks at for the first time. */
  scanPerImage: amount,
  lambdaPerGbSecond: amount,
  lambdaPerMillionRequests: amount,
});
export type RegionPrices = Readonly<z.infer<typeof regionPricesSchema>>;

/** Lists change: a report says from when its prices are, and who said so. */
export const pricesSchema = z.strictObject({
  asOf: z.iso.date(),
  sources: z.array(z.string().max(300)).max(20),
  /** AWS meters gigabytes of 2³⁰ bytes (S3 pricing, "How is storage priced"). */
  bytesPerGb: z.int().positive(),
  /** What counts in regions that are not named, and for what their entry leaves out. */
  usual: regionPricesSchema,
  regions: z.record(z.string().max(40), regionPricesSchema.partial()),
});
export type Prices = Readonly<z.infer<typeof pricesSchema>>;

/** What a user changes of the list; everything else stays. */
export const priceChangesSchema = pricesSchema.extend({ usual: regionPricesSchema.partial() }).partial();
export type PriceChanges = Readonly<z.infer<typeof priceChangesSchema>>;

/** List prices without discounts, free tiers and taxes. `lading cost reconcile` tells how far a bill is from them. */
export const listPrices: Prices = {
  asOf: '2026-03-01',
  sources: [
    'Amazon ECR pricing: private repositories, standard and archive storage, first 150 TB',
    'Amazon S3 pricing: Glacier Instant Retrieval, us-east-1',
    'Amazon EC2 on-demand pricing: data transfer, first 10 TB',
    'Amazon Inspector pricing: container images',
    'AWS Lambda pricing: Arm, first tier',
  ],
  bytesPerGb: 2 ** 30,
  usual: {
    storagePerGbMonth: 0.1,
    archivePerGbMonth: 0.004,
    archiveMinimumDays: 90,
    ecrArchivePerGbMonth: 0.1,
    ecrArchiveMinimumDays: 90,
    ecrRestorePerGb: 0.03,
    restorePerGb: 0.03,
    transferPerGb: 0.02,
    internetPerGb: 0.09,
    scanPerImage: 0.09,
    lambdaPerGbSecond: 0.0000133334,
    lambdaPerMillionRequests: 0.2,
  },
  regions: {
    'af-south-1': { transferPerGb: 0.147, internetPerGb: 0.154 },
    'ap-east-1': { transferPerGb: 0.09, internetPerGb: 0.12 },
    'ap-northeast-1': { transferPerGb: 0.09, internetPerGb: 0.114, scanPerImage: 0.11 },
    'ap-northeast-2': { transferPerGb: 0.08, internetPerGb: 0.126 },
    'ap-northeast-3': { transferPerGb: 0.09, internetPerGb: 0.114 },
    'ap-south-1': { transferPerGb: 0.086, internetPerGb: 0.1093 },
    'ap-southeast-1': { transferPerGb: 0.09, internetPerGb: 0.12 },
    'ap-southeast-2': { transferPerGb: 0.098, internetPerGb: 0.114 },
    'me-south-1': { transferPerGb: 0.1105, internetPerGb: 0.117 },
    'sa-east-1': { transferPerGb: 0.138, internetPerGb: 0.15 },
  },
};

export const pricesOf = ({ usual, regions }: Prices, region: string): RegionPrices => ({
  ...usual,
  ...(Object.hasOwn(regions, region) ? withoutUndefined(regions[region] ?? {}) : {}),
});

const withoutUndefined = (changes: Prices['regions'][string]): Partial<RegionPrices> =>
  Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));

/** The list with a user's changes. Regions are changed entry by entry. */
export function changePrices(list: Prices, changes: PriceChanges): Prices {
  const regions = new Map(Object.entries(list.regions));
  for (const [region, change] of Object.entries(changes.regions ?? {})) {
    regions.set(region, { ...regions.get(region), ...withoutUndefined(change) });
  }
  return {
    asOf: changes.asOf ?? list.asOf,
    sources: changes.sources ?? list.sources,
    bytesPerGb: changes.bytesPerGb ?? list.bytesPerGb,
    usual: { ...list.usual, ...withoutUndefined(changes.usual ?? {}) },
    regions: Object.fromEntries(regions),
  };
}

/** @throws LadingError `prices-invalid` */
export function readPrices(given: unknown, what: string): Prices {
  const parsed = priceChangesSchema.safeParse(given);
  if (parsed.success) return changePrices(listPrices, parsed.data);
  throw new LadingError('prices-invalid', `${what}: ${z.prettifyError(parsed.error)}`);
}

const HOUR = 3_600_000;
const MS_PER_MONTH = 730 * HOUR;

/** Gigabytes (10⁹ bytes) stored for a month of 730 hours, out of byte-milliseconds. */
export const gbMonths = (byteMs: bigint): number => Number(byteMs / 1_000_000n) / MS_PER_MONTH / 1_000;

/** Of the calendar month, UTC, in which the time is: bills divide by its very hours. */
export function msOfMonth(time: number): number {
  const date = new Date(time);
  return (
    Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) - Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1)
  );
}
