import type { Digest } from '../../core/digest.ts';
import { type LayerInventory, readFileTree } from '../../sbom/index.ts';
import { type FileSum, type LayerFate, layersFate } from './file-state.ts';
import type { LayerContents } from './layer-contents.ts';
import { judgeLazyLoading, type LazyLoading } from './lazy-loading.ts';
import { type CacheFinding, findCaches } from './package-caches.ts';
import { type RepeatedFiles, repeatedContents, repeatedNames } from './repeated-files.ts';

export interface AdvisedLayer {
  readonly digest: Digest;
  readonly bytes: number;
  /** Absent where nothing was read of the layer. */
  readonly known?: {
    readonly compression: LayerInventory['compression'];
    readonly unpackedBytes: number;
    readonly files: number;
    readonly deletedBytes: number;
    readonly replacedBytes: number;
  };
  readonly recompression?: Recompression;
}

/** What zstd makes of a layer, as measured. */
export interface Recompression {
  readonly level: number;
  /** Bytes as stored and as zstd; of a sample, both for the part that was compressed. */
  readonly before: number;
  readonly after: number;
  /** What all of the layer would gain; from a sample, in proportion. Less than 0 where it would grow. */
  readonly gain: number;
  readonly basis: 'whole' | 'sample';
  /** Bytes of the archive that were compressed for it. */
  readonly sampled: number;
}

export interface ImageAdvice {
  /** Lowest first. */
  readonly layers: readonly AdvisedLayer[];
  /** Shipped, and removed by an upper layer. */
  readonly deleted: FileSum;
  /** Shipped, and there again in an upper layer. */
  readonly replaced: FileSum;
  /** What leaving out both would save of what is stored, by the compression of each layer: an estimate. */
  readonly packedEstimate: number;
  readonly caches: readonly CacheFinding[];
  readonly repeated: RepeatedFiles;
  readonly lazyLoading: readonly LazyLoading[];
  /** Layers that nothing is known of: the advice leaves them out. */
  readonly unknown: number;
}

export interface AdviceInput {
  readonly layers: readonly {
    readonly digest: Digest;
    readonly bytes: number;
    readonly inventory: LayerInventory | undefined;
    readonly contents: LayerContents | undefined;
  }[];
  /** Artifact types of what refers to the image. */
  readonly referrerTypes: readonly string[];
}

/** What an image could do without, by what is known of its layers. Pure: nothing is read here. */
export function adviseImage({ layers, referrerTypes }: AdviceInput): ImageAdvice {
  const known = layers.flatMap(({ inventory }) => inventory ?? []);
  const trees = known.map(({ tree }) => tree);
  const { layers: fates, visible } = layersFate(trees);
  const fateOf = new Map(known.map((inventory, i) => [inventory, fates[i]] as const));
  const contents = layers.flatMap((layer) => layer.contents ?? []);
  const lost = (of: LayerFate | undefined): number => (of ? of.deleted.bytes + of.replaced.bytes : 0);
  return {
    layers: layers.map(({ digest, bytes, inventory, contents: read }) => {
      const fate = inventory && fateOf.get(inventory);
      const recompression = read?.zstd && inventory && recompressionOf(bytes, inventory, read.zstd);
      return {
        digest,
        bytes,
        ...(inventory && fate
          ? {
              known: {
                compression: inventory.compression,
                unpackedBytes: inventory.unpackedBytes,
                files: inventory.files,
                deletedBytes: fate.deleted.bytes,
                replacedBytes: fate.replaced.bytes,
              },
            }
          : {}),
        ...(recompression ? { recompression } : {}),
      };
    }),
    deleted: together(fates.map(({ deleted }) => deleted)),
    replaced: together(fates.map(({ replaced }) => replaced)),
    packedEstimate: Math.round(
      known.reduce(
        (sum, inventory) => sum + (lost(fateOf.get(inventory)) * inventory.size) / Math.max(1, inventory.unpackedBytes),
        0,
      ),
    ),
    caches: findCaches(visible),
    repeated: contents.length === layers.length ? repeatedContents(contents) : repeatedNames(trees),
    lazyLoading: judgeLazyLoading({ layers: layers.map(lazyInput), referrerTypes }),
    unknown: layers.length - known.length,
  };
}

function together(sums: readonly FileSum[]): FileSum {
  return {
    bytes: sums.reduce((total, { bytes }) => total + bytes, 0),
    files: sums.reduce((total, { files }) => total + files, 0),
    largest: sums
      .flatMap(({ largest }) => largest)
      .sort((a, b) => b.bytes - a.bytes)
      .slice(0, 10),
  };
}

function recompressionOf(
  bytes: number,
  { unpackedBytes }: LayerInventory,
  { level, unpacked, packed, whole }: NonNullable<LayerContents['zstd']>,
): Recompression {
  // How many bytes of the blob the sample took is not known: taken in proportion to the archive.
  const before = whole ? bytes : Math.round((bytes * unpacked) / Math.max(1, unpackedBytes));
  const gain = whole ? bytes - packed : Math.round(((before - packed) * unpackedBytes) / Math.max(1, unpacked));
  return { level, before, after: packed, gain, basis: whole ? 'whole' : 'sample', sampled: unpacked };
}

function lazyInput({ bytes, inventory }: AdviceInput['layers'][number]) {
  const rootNames = new Set<string>();
  let largestFile = 0;
  if (inventory) {
    readFileTree(inventory.tree, (directory, entry) => {
      if (directory === '' && entry.type !== 'opaque') rootNames.add(entry.name);
      if (entry.type === 'file') largestFile = Math.max(largestFile, entry.size);
    });
  }
  return {
    bytes,
    compression: inventory?.compression,
    rootNames,
    largestFile,
    contentBytes: inventory?.contentBytes ?? 0,
  };
}
