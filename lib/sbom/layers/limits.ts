/** Caps on what one layer may cost. Over any of them the layer's outcome is `limit-exceeded`, and never "no packages". */
export interface LayerLimits {
  /** Bytes as stored, by the descriptor. */
  readonly maxPackedBytes: number;
  /** Bytes of the tar archive. */
  readonly maxUnpackedBytes: number;
  /** Unpacked by packed bytes; counts only once `ratioFloorBytes` are unpacked, since small layers do no harm. */
  readonly maxRatio: number;
  readonly ratioFloorBytes: number;
  readonly maxEntries: number;
  readonly maxPathBytes: number;
  readonly maxDepth: number;
  /** Characters of all paths of the layer together, as the inventory keeps them. */
  readonly maxTreeChars: number;
  /** Files whose content is kept (package databases, manifests of packages). */
  readonly maxFilesOfInterest: number;
  /** Bytes of all their contents together. */
  readonly maxInterestBytes: number;
  readonly maxZstdWindowLog: number;
}

export const defaultLayerLimits: LayerLimits = {
  maxPackedBytes: 16 * 1024 ** 3,
  maxUnpackedBytes: 64 * 1024 ** 3,
  // Deflate ends at 1,032; honest layers of over a gigabyte stay far below 100.
  maxRatio: 200,
  ratioFloorBytes: 1024 ** 3,
  maxEntries: 1_000_000,
  maxPathBytes: 4096,
  maxDepth: 256,
  maxTreeChars: 128 * 1024 ** 2,
  maxFilesOfInterest: 200_000,
  maxInterestBytes: 1024 ** 3,
  maxZstdWindowLog: 27,
};
