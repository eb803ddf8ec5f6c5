import type { Digest } from '../../core/digest.ts';
import type { TarSummary } from '../../formats/tar/index.ts';
import type { LayerInventory } from './inventory.ts';

/** What the manifest and the image configuration say of a layer. */
export interface LayerExpectation {
  readonly digest: Digest;
  /** Bytes of the blob. */
  readonly size: number;
  /** Digest of the unpacked archive; without it the one that is found is believed. It may come while the blob is read. */
  readonly diffId?: Digest | undefined | Promise<Digest | undefined>;
}

export type LayerReading =
  | { readonly status: 'read'; readonly inventory: LayerInventory }
  | { readonly status: 'limit-exceeded'; readonly limit: string; readonly message: string }
  | { readonly status: 'unreadable'; readonly code: string; readonly message: string };

export interface ArchivePass {
  readonly status: 'archive';
  readonly diffId: Digest;
  readonly compression: 'gzip' | 'zstd' | 'none';
  readonly unpackedBytes: number;
  readonly summary: TarSummary;
}
export type FailedPass = Exclude<LayerReading, { status: 'read' }>;
