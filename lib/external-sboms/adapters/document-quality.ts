import { type DocumentStore, loadJson, putJson } from '../../documents/index.ts';
import { qualityKey, sbomQualitySchema } from '../../sbom/index.ts';
import type { QualityStore } from '../ports.ts';

/** Keeps how much an image's SBOM tells, as the newest judgement of each. */
export function documentQuality(documents: DocumentStore): QualityStore {
  return {
    put: (image, quality) => putJson(documents, qualityKey(image), quality),
    get: (image) => loadJson(documents, qualityKey(image), sbomQualitySchema),
  };
}
