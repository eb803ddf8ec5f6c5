import type { Digest } from '../core/digest.ts';

/** Somebody keeps a blob stored, for a while. Times in ms since 1970; the end is not included. */
export interface Holding {
  readonly owner: string;
  /** Blobs are stored once for each store: a registry. */
  readonly store: string;
  readonly blob: Digest;
  readonly bytes: number;
  readonly from: number;
  readonly until: number;
}

/** Byte-milliseconds, exactly: they are added up to months of terabytes, which no floating-point number holds. */
export interface Share {
  /** Each blob's time divided evenly among those who hold it at that moment. The shares of all add up to the total. */
  readonly fair: bigint;
  /** What would not be stored without this owner: blobs that nobody else holds. */
  readonly alone: bigint;
  /** What the owner would pay with a store of its own: every blob it holds, whole. */
  readonly apart: bigint;
}

export interface Ledger {
  readonly shares: ReadonlyMap<string, Share>;
  /** What is really stored: each blob once for each store. */
  readonly total: bigint;
}

/**
 * What is paid for. Amounts are whole numbers of: byte-milliseconds (`storage`, `archive`), bytes (`replication`,
 * `restore`, `transfer`), images (`scan`), MB-milliseconds (`compute`), requests (`requests`).
 */
export const costKinds = [
  'storage',
  'archive',
  'replication',
  'restore',
  'transfer',
  'scan',
  'compute',
  'requests',
] as const;
export type CostKind = (typeof costKinds)[number];

/** One amount that is counted for one owner. `marginal` is what would not be there without the owner. */
export interface Charge {
  readonly owner: string;
  readonly kind: CostKind;
  readonly region: string;
  readonly amount: bigint;
  readonly marginal: bigint;
}

/** Where an entry has no region: a registry outside AWS, or one of this machine. */
export const NO_REGION = 'elsewhere';
