/**
 * Documents under keys: per-layer inventories, SBOMs, scan reports, advisory shards. Small enough to hold in memory
 * (≤ 64 MiB each); layers and archives do not pass through here.
 */
export interface DocumentStore {
  get(key: string): Promise<Uint8Array | undefined>;
  put(key: string, content: Uint8Array): Promise<void>;
  /** Only where nothing is yet; false where something was. */
  putIfAbsent(key: string, content: Uint8Array): Promise<boolean>;
  list(prefix: string): AsyncIterable<string>;
  delete(key: string): Promise<void>;
}
