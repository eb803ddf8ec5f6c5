import { z } from 'zod';
import { type Digest, digestAlgorithm, digestHex } from '../../core/digest.ts';
import { isLadingError } from '../../core/errors.ts';
import { type DocumentStore, loadJson, putJson } from '../../documents/index.ts';
import { readInventory } from '../layers/inventory.ts';
import type { LayerInventoryStore } from '../ports.ts';

/** Keeps inventories as documents, under the digest of their layer. A newer one replaces an older one. */
export function documentInventoryStore(documents: DocumentStore): LayerInventoryStore {
  return {
    async get(digest, kinds) {
      try {
        return readInventory(await loadJson(documents, inventoryKey(digest), z.unknown()), kinds);
      } catch (error) {
        // A damaged document is as good as none: reading the layer again mends it.
        if (isLadingError(error, 'document-damaged')) return undefined;
        throw error;
      }
    },
    put: (inventory) => putJson(documents, inventoryKey(inventory.digest), inventory),
  };
}

const inventoryKey = (digest: Digest): string => `layers/${digestAlgorithm(digest)}/${digestHex(digest)}.zst`;
