import type { Digest } from '../core/digest.ts';
import type { DocumentRef } from '../documents/index.ts';
import type { Descriptor, Manifest } from '../formats/oci/index.ts';
import type { FileKind } from './catalogers/cataloger.ts';
import type { LayerInventory } from './layers/inventory.ts';
import type { Sbom } from './model.ts';

/** Where the bytes of layers come from. */
export interface LayerSource {
  /**
   * Each iteration of the answer starts from the first byte. Never fetches the descriptor's `urls`. The bytes need not be
   * checked with the digest: whoever reads them does that.
   */
  open(layer: Descriptor, signal?: AbortSignal): AsyncIterable<Uint8Array>;
}

/** A repository of images. */
export interface ImageSource extends LayerSource {
  /** Undefined where it is not there. The bytes were checked with the digest. */
  manifest(digest: Digest, signal?: AbortSignal): Promise<Manifest | undefined>;
}

/** What was read of each layer, by the digest of its blob. */
export interface LayerInventoryStore {
  /** Undefined where there is none, or none that looked for all these kinds of files. */
  get(digest: Digest, kinds: readonly FileKind[]): Promise<LayerInventory | undefined>;
  put(inventory: LayerInventory): Promise<void>;
}

export interface StoredSbom {
  /** The native form (`Sbom` as JSON). */
  readonly native: DocumentRef;
  /** CycloneDX 1.6 JSON. */
  readonly cycloneDx: DocumentRef;
}

/** SBOMs by the digest of their image; the newest one of each. */
export interface SbomStore {
  put(sbom: Sbom, cycloneDx: string): Promise<StoredSbom>;
  get(image: Digest): Promise<Sbom | undefined>;
}
