import { mapLimit } from '../core/concurrency.ts';
import type { Digest } from '../core/digest.ts';
import { isLadingError } from '../core/errors.ts';
import { type Descriptor, isNonDistributable } from '../formats/oci/index.ts';
import { type ContentOf, fileInventories, imageContent } from './artifact-content.ts';
import { fileKinds, folderKinds, matchKind } from './catalogers/index.ts';
import type { LayerInventory } from './layers/inventory.ts';
import { defaultLayerLimits, type LayerLimits } from './layers/limits.ts';
import { readBlob } from './layers/read-blob.ts';
import { readLayer } from './layers/read-layer.ts';
import { type MergedImage, mergeLayers } from './merge/merge-layers.ts';
import type { Gap } from './model.ts';
import type { LayerInventoryStore, LayerSource } from './ports.ts';

export interface InventoryImageInput {
  /** Lowest first. */
  readonly layers: readonly Descriptor[];
  /** Of the image configuration, one for each layer; the layers are checked with them. They may come while these are read. */
  readonly diffIds?: DiffIds | Promise<DiffIds>;
  /** What blobs are; those of an image, where absent. */
  readonly contentOf?: ContentOf | undefined;
}

/** Layers over this size are read when the others are done, each by itself. */
const ALONE_BYTES = 2 * 1024 ** 3;

type DiffIds = readonly Digest[] | undefined;

export interface InventoryImageOptions {
  readonly limits?: Partial<LayerLimits> | undefined;
  /** Abort by timeout is the outcome `limit-exceeded`; any other abort is thrown. */
  readonly signal?: AbortSignal | undefined;
  /** Layers at once; 4 when absent. */
  readonly concurrency?: number | undefined;
}

export interface ImageInventory {
  readonly layers: readonly InventoriedLayer[];
  readonly files: MergedImage;
  /** What is missing; empty where all was read. */
  readonly gaps: readonly Gap[];
  /** Layers whose bytes were read this time, each once, also those that turned out unreadable. */
  readonly layersRead: readonly Digest[];
  /** Layers that were known from before. */
  readonly layersReused: readonly Digest[];
}

export interface InventoriedLayer {
  readonly descriptor: Descriptor;
  readonly inventory: LayerInventory | undefined;
}

interface Ports {
  readonly source: LayerSource;
  readonly inventories: LayerInventoryStore;
}

type LayerResult =
  | { readonly from: 'store' | 'source'; readonly inventory: LayerInventory }
  | { readonly from: 'source' | 'nowhere'; readonly gap: Gap };

/**
 * Makes the inventory of an image out of those of its layers. Layers that are known are not read again, the others are
 * read in parallel, each digest once. A layer over a cap or one that is damaged is a gap, and the rest still counts.
 *
 * @throws what the source and the store throw
 */
export async function inventoryImage(
  input: InventoryImageInput,
  ports: Ports,
  options: InventoryImageOptions = {},
): Promise<ImageInventory> {
  const limits = { ...defaultLayerLimits, ...options.limits };
  const diffIds = Promise.resolve(input.diffIds);
  const wanted = [
    ...new Map(input.layers.map((layer, i) => [layer.digest, { layer, diffId: promised(diffIds, i) }])).values(),
  ];
  const read = ({ layer, diffId }: (typeof wanted)[number]) =>
    inventoryLayer(layer, diffId, ports, {
      limits,
      signal: options.signal,
      contentOf: input.contentOf ?? imageContent,
    });
  const isLarge = ({ layer }: (typeof wanted)[number]): boolean => layer.size > ALONE_BYTES;
  const early = await mapLimit(wanted, options.concurrency ?? 4, async (one) => (isLarge(one) ? undefined : read(one)));
  // One after the other: were they read at once, none might be done when the time is up, and none ever.
  const results = await mapLimit(wanted, 1, async (one, i) => early[i] ?? read(one));
  const byDigest = new Map(wanted.map(({ layer }, i) => [layer.digest, results[i]]));
  const layers = input.layers.map((descriptor) => {
    const result = byDigest.get(descriptor.digest);
    return { descriptor, inventory: result && 'inventory' in result ? result.inventory : undefined };
  });
  const files = mergeLayers(
    layers.map(({ descriptor, inventory }) => ({ digest: descriptor.digest, inventory })),
    matchKind,
    folderKinds,
  );
  const digestsFrom = (from: LayerResult['from']) =>
    wanted.flatMap(({ layer }, i) => (results[i]?.from === from ? layer.digest : []));
  return {
    layers,
    files,
    gaps: [...wrongCount(input.layers, await diffIds), ...results.flatMap(gapsOf), ...files.gaps],
    layersRead: digestsFrom('source'),
    layersReused: digestsFrom('store'),
  };
}

function promised(diffIds: Promise<DiffIds>, i: number): Promise<Digest | undefined> {
  const one = diffIds.then((all) => all?.[i]);
  // A layer that fails before it asks must not leave a rejection that nobody looks at.
  one.catch(() => undefined);
  return one;
}

async function inventoryLayer(
  layer: Descriptor,
  diffId: Promise<Digest | undefined>,
  { source, inventories: all }: Ports,
  {
    contentOf,
    ...options
  }: { readonly limits: LayerLimits; readonly signal: AbortSignal | undefined; readonly contentOf: ContentOf },
): Promise<LayerResult> {
  const { digest } = layer;
  const content = contentOf(layer);
  if (content === undefined) {
    const message = `a layer has the type ${layer.mediaType}, which is no file system layer`;
    return { from: 'nowhere', gap: { reason: 'unreadable', code: 'layer-type-unknown', message, layer: digest } };
  }
  const inventories = content === 'archive' ? all : fileInventories(all, content.path);
  const known = await inventories.get(digest, fileKinds);
  if (known && agrees(known, await diffId)) return { from: 'store', inventory: known };
  try {
    const expected = { digest, size: layer.size, diffId };
    const open = () => source.open(layer, options.signal);
    const how = { kinds: fileKinds, ...options };
    const reading =
      content === 'archive' ? await readLayer(expected, open, how) : await readBlob(expected, content.path, open, how);
    if (reading.status === 'read') {
      await inventories.put(reading.inventory);
      return { from: 'source', inventory: reading.inventory };
    }
    const { message } = reading;
    const gap: Gap =
      reading.status === 'limit-exceeded'
        ? { reason: 'limit', code: reading.limit, message, layer: digest }
        : { reason: 'unreadable', code: reading.code, message, layer: digest };
    return { from: 'source', gap };
  } catch (error) {
    if (!isNonDistributable(layer.mediaType) || !isLadingError(error, 'blob-unknown')) throw error;
    const message = 'a layer is not distributed by this registry, and other places are not asked';
    return { from: 'nowhere', gap: { reason: 'unreadable', code: 'layer-not-distributed', message, layer: digest } };
  }
}

/** The same blob with another promise of its content is read again, which tells whose promise is wrong. */
const agrees = (inventory: LayerInventory, diffId: Digest | undefined): boolean =>
  diffId === undefined || inventory.diffId === diffId;

function gapsOf(result: LayerResult): readonly Gap[] {
  if ('gap' in result) return [result.gap];
  return result.inventory.gaps.map((gap) => ({ ...gap, layer: result.inventory.digest }));
}

/** OCI image specification 1.1, "Image Configuration": `diff_ids` are in the order of the layers. */
function wrongCount(layers: readonly Descriptor[], diffIds: DiffIds): Gap[] {
  if (diffIds === undefined || diffIds.length === layers.length) return [];
  const message = `the manifest has ${layers.length} layers and the configuration ${diffIds.length}`;
  return [{ reason: 'unreadable', code: 'layer-count-mismatch', message }];
}
