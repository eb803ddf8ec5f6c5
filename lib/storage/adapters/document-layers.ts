import { type Digest, digestAlgorithm, digestHex } from '../../core/digest.ts';
import { isLadingError } from '../../core/errors.ts';
import { type DocumentStore, loadJson, putJson } from '../../documents/index.ts';
import type { LayerInventoryStore } from '../../sbom/index.ts';
import { type LayerContents, layerContentsSchema } from '../advice/layer-contents.ts';
import type { LayerKnowledge } from '../ports.ts';

const contentsKey = (digest: Digest): string => `contents/${digestAlgorithm(digest)}/${digestHex(digest)}.zst`;

/** What was read of layers, as documents. Inventories are taken whatever kinds of files they looked for. */
export function documentLayers(
  inventories: LayerInventoryStore,
  documents: DocumentStore,
): LayerKnowledge & { keep(contents: LayerContents): Promise<void> } {
  return {
    inventory: (layer) => inventories.get(layer, []),
    async contents(layer) {
      try {
        return await loadJson(documents, contentsKey(layer), layerContentsSchema);
      } catch (error) {
        // A damaged document is as good as none: another pass over the layer mends it.
        if (isLadingError(error, 'document-damaged')) return undefined;
        throw error;
      }
    },
    keep: (contents) => putJson(documents, contentsKey(contents.digest), contents),
  };
}
