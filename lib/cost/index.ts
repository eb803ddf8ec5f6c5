export { listPrices, type Prices, pricesSchema } from './prices.ts';
export { reportStorage, type StorageLine, type StorageReport } from './report-storage.ts';
export type { OwnerBy, Period } from './to-holdings.ts';
