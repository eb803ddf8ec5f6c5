import { type Digest, digestAlgorithm, digestHex } from '../../core/digest.ts';
import { type DocumentStore, loadJson, putJson } from '../../documents/index.ts';
import { sbomQualitySchema } from '../../sbom/index.ts';
import type { QualityStore } from '../ports.ts';

/** Keeps how much an image's SBOM tells, as the newest judgement of each. */
export function documentQuality(documents: DocumentStore): QualityStore {
  return {
    put: (image, quality) => putJson(documents, keyOf(image), quality),
    get: (image) => loadJson(documents, keyOf(image), sbomQualitySchema),
  };
}

const keyOf = (image: Digest): string => `sboms/quality/${digestAlgorithm(image)}/${digestHex(image)}.zst`;
