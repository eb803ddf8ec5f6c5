import type { Digest } from '../../core/digest.ts';

/** One image of the cache: a manifest that nothing else names, with everything that is held below and about it. */
export interface CachedGraph {
  /** `repository@digest` */
  readonly key: string;
  /** What of it is held: bytes on the disk by digest. The same content in two images is one. */
  readonly contents: ReadonlyMap<Digest, number>;
}

export const graphKey = (repository: string, digest: Digest): string => `${repository}@${digest}`;

/** What is told of a cache with a budget. Bytes are of the disk, in whole blocks. */
export interface CacheStatus {
  readonly budgetBytes: number;
  readonly usedBytes: number;
  /** Promised to what is on its way. */
  readonly reservedBytes: number;
  readonly images: number;
  readonly leasedImages: number;
  readonly evictedImages: number;
  readonly evictedBytes: number;
  /** Did not fit, and went through to the client unstored or was refused. */
  readonly notStored: number;
}

/** What a restart must not lose. Who asks for what is kept loosely, leases strictly. */
export interface CacheMemory {
  readonly age: number;
  readonly graphs: readonly {
    readonly key: string;
    readonly frequency: number;
    readonly priority: number;
  }[];
  readonly leases: readonly CacheLease[];
}

export interface CacheLease {
  readonly key: string;
  /** Who holds it: `desired`, `operator:…`. One holder has at most one lease of an image. */
  readonly holder: string;
  /** Milliseconds since 1970; absent: until it is given up. */
  readonly until?: number;
}

/** What fetching so many bytes again costs, in any unit: seconds of the link, or money. */
export type FetchCost = (bytes: number) => number;
