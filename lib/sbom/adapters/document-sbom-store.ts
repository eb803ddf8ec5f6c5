import { z } from 'zod';
import { type Digest, isDigest } from '../../core/digest.ts';
import { LadingError } from '../../core/errors.ts';
import {
  type DocumentRef,
  type DocumentStore,
  loadDocument,
  loadJson,
  putJson,
  saveDocument,
  saveJson,
} from '../../documents/index.ts';
import { type Sbom, sbomSchema } from '../model.ts';
import type { SbomStore } from '../ports.ts';
import { documentPrefix, pointerKey } from '../sbom-places.ts';

const refSchema = z.object({ key: z.string(), digest: z.custom<Digest>(isDigest) });
const pointerSchema = z.object({ native: refSchema, cycloneDx: refSchema });

/** Keeps SBOMs content-addressed under their image, and for each image a pointer to its newest one. */
export function documentSbomStore(documents: DocumentStore): SbomStore {
  return {
    async put(sbom, cycloneDx) {
      const native = await saveJson(documents, documentPrefix(sbom.image), sbom);
      const document = await saveDocument(documents, documentPrefix(sbom.image), Buffer.from(cycloneDx));
      const stored = { native, cycloneDx: document };
      // Last: a pointer never names a document that is not there.
      await putJson(documents, pointerKey(sbom.image), stored);
      return stored;
    },
    async get(image) {
      const pointer = await loadJson(documents, pointerKey(image), pointerSchema);
      return pointer && loadSbom(documents, pointer.native);
    },
  };
}

/** @throws LadingError `document-damaged`; `sbom-missing` where the document is not there */
export async function loadSbom(documents: DocumentStore, ref: DocumentRef): Promise<Sbom> {
  const content = await loadDocument(documents, ref.key, ref.digest);
  if (!content) throw new LadingError('sbom-missing', `the SBOM ${ref.key} is not stored`);
  const parsed = sbomSchema.safeParse(JSON.parse(Buffer.from(content).toString('utf8')));
  if (parsed.success) return parsed.data;
  throw new LadingError('document-damaged', `the SBOM ${ref.key}: ${z.prettifyError(parsed.error)}`);
}
