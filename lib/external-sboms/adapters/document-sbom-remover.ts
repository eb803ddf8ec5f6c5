import type { DocumentStore } from '../../documents/index.ts';
import { sbomPlaces } from '../../sbom/index.ts';
import type { SbomRemover } from '../forget-sboms.ts';

/** Removes what lies below the places of one image; pointers go before what they name. */
export function documentSbomRemover(documents: Pick<DocumentStore, 'list' | 'delete'>): SbomRemover {
  return {
    async removeAll(image) {
      let removed = 0;
      for (const prefix of sbomPlaces(image)) {
        const keys = await Array.fromAsync(documents.list(prefix));
        for (const key of keys) await documents.delete(key);
        removed += keys.length;
      }
      return removed;
    },
  };
}
