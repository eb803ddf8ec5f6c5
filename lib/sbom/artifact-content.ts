import { digestOf } from '../core/digest.ts';
import { type Descriptor, layerCompression } from '../formats/oci/index.ts';
import { normalizePath } from '../formats/tar/index.ts';
import type { LayerInventoryStore } from './ports.ts';

/** How a blob is read: as the archive of a file system, or as one file of that name. */
export type BlobContent = 'archive' | { readonly path: string };
export type ContentOf = (layer: Descriptor) => BlobContent | undefined;

/** The layers of images are archives; nothing else is a layer of theirs (OCI image specification, "Layer Media Types"). */
export const imageContent: ContentOf = ({ mediaType }) =>
  layerCompression(mediaType) === undefined ? undefined : 'archive';

/** ModelPack and KitOps pack parts of a model as archives, and both have the packing at the end of the type. */
const ARCHIVE = /(?:[.+/]|\bx-)tar(?:\+(?:gzip|zstd))?$/;
/** Formats that are not told by their first bytes, and how files of them are called. */
const NAMES: readonly (readonly [RegExp, string])[] = [
  [/safetensors/, 'model.safetensors'],
  [/gguf/, 'model.gguf'],
  [/onnx/, 'model.onnx'],
  [/wasm/, 'module.wasm'],
];

/**
 * The blobs of an artifact that is no image: each is an archive by its type, or a file that an annotation names (ORAS:
 * `org.opencontainers.image.title`; ModelPack: `org.cncf.model.filepath`). No two files have the same name, so that none
 * takes the place of another.
 */
export function artifactContent(layers: readonly Descriptor[]): ContentOf {
  const contents = new Map<Descriptor, BlobContent>();
  const taken = new Set<string>();
  for (const [i, layer] of layers.entries()) {
    const isArchive = layerCompression(layer.mediaType) !== undefined || ARCHIVE.test(layer.mediaType);
    const named = fileName(layer);
    const path = taken.has(named) ? `${i}/${named}` : named;
    taken.add(path);
    contents.set(layer, isArchive ? 'archive' : { path });
  }
  return (layer) => contents.get(layer);
}

function fileName({ annotations, mediaType, digest }: Descriptor): string {
  for (const key of ['org.cncf.model.filepath', 'org.opencontainers.image.title']) {
    const text = annotations && Object.hasOwn(annotations, key) ? annotations[key] : undefined;
    // A name that would hide files in an archive is only a name here.
    const { path } = normalizePath((text ?? '').slice(0, 1024));
    if (path !== '') return path.replace(/(^|\/)\.wh\./g, '$1_wh.');
  }
  return NAMES.find(([pattern]) => pattern.test(mediaType))?.[1] ?? digest.replace(':', '-');
}

/**
 * Keeps inventories of single files apart from those of archives: the same bytes may be both, and to have been read as the
 * one must never stand for having been read as the other.
 */
export function fileInventories(store: LayerInventoryStore, path: string): LayerInventoryStore {
  const keyOf = (digest: string) => digestOf(`file ${path}\n${digest}`);
  return {
    async get(digest, kinds) {
      const found = await store.get(keyOf(digest), kinds);
      return found && { ...found, digest };
    },
    put: (inventory) => store.put({ ...inventory, digest: keyOf(inventory.digest) }),
  };
}
