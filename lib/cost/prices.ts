import { z } from 'zod';

/** US dollars. Lists change: a report says from when its prices are. */
export const pricesSchema = z.strictObject({
  asOf: z.iso.date(),
  /** A gigabyte (10⁹ bytes) for a month of 730 hours. */
  storagePerGbMonth: z.number().nonnegative(),
  archivePerGbMonth: z.number().nonnegative(),
  /** A gigabyte between regions. */
  transferPerGb: z.number().nonnegative(),
});
export type Prices = Readonly<z.infer<typeof pricesSchema>>;

/** Amazon ECR, S3 Glacier Instant Retrieval and transfer between regions, from us-east-1's list prices. */
export const listPrices: Prices = {
  asOf: '2026-01-01',
  storagePerGbMonth: 0.1,
  archivePerGbMonth: 0.004,
  transferPerGb: 0.02,
};

const MS_PER_MONTH = 730 * 3_600_000;

/** Gigabytes stored for a month, out of byte-milliseconds. */
export const gbMonths = (byteMs: bigint): number => Number(byteMs / 1_000_000n) / MS_PER_MONTH / 1_000;
