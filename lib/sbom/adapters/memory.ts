import { type Digest, digestOf } from '../../core/digest.ts';
import { LadingError } from '../../core/errors.ts';
import { canonicalJson } from '../../core/json.ts';
import { type Descriptor, type Manifest, parseManifest } from '../../formats/oci/index.ts';
import { type LayerInventory, readInventory } from '../layers/inventory.ts';
import type { Sbom } from '../model.ts';
import type { ImageSource, LayerInventoryStore, SbomStore } from '../ports.ts';

/** Keeps inventories as the JSON texts that a real store would keep, so that reading back is tested, too. */
export function memoryInventoryStore(): LayerInventoryStore & { readonly texts: Map<Digest, string> } {
  const texts = new Map<Digest, string>();
  return {
    texts,
    async get(digest, kinds) {
      const text = texts.get(digest);
      return text === undefined ? undefined : readInventory(JSON.parse(text), kinds);
    },
    async put(inventory: LayerInventory) {
      texts.set(inventory.digest, JSON.stringify(inventory));
    },
  };
}

export function memorySbomStore(): SbomStore & { readonly documents: Map<string, string> } {
  const documents = new Map<string, string>();
  const byImage = new Map<Digest, Sbom>();
  const keep = (text: string) => {
    const digest = digestOf(text);
    documents.set(`sboms/${digest}`, text);
    return { key: `sboms/${digest}`, digest };
  };
  return {
    documents,
    async put(sbom, cycloneDx) {
      byImage.set(sbom.image, sbom);
      return { native: keep(canonicalJson(sbom)), cycloneDx: keep(cycloneDx) };
    },
    get: async (image) => byImage.get(image),
  };
}

/** Blobs by digest, given out in pieces; counts how often each was opened. */
export function memoryImageSource(
  blobs: Iterable<Uint8Array>,
  pieceBytes = 64 * 1024,
): ImageSource & { readonly opened: Map<Digest, number> } {
  const byDigest = new Map<Digest, Uint8Array>();
  for (const blob of blobs) byDigest.set(digestOf(blob), blob);
  const opened = new Map<Digest, number>();
  return {
    opened,
    async *open(layer: Descriptor) {
      opened.set(layer.digest, (opened.get(layer.digest) ?? 0) + 1);
      const blob = byDigest.get(layer.digest);
      if (!blob) throw new LadingError('blob-unknown', `there is no blob ${layer.digest}`);
      for (let at = 0; at < blob.length; at += pieceBytes) yield blob.subarray(at, at + pieceBytes);
    },
    async manifest(digest): Promise<Manifest | undefined> {
      const blob = byDigest.get(digest);
      return blob && parseManifest(blob, undefined, { digest });
    },
  };
}
