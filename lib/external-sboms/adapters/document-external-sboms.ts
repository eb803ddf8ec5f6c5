import { digestHex } from '../../core/digest.ts';
import { type DocumentStore, loadDocument, loadJson, putJson, saveDocument } from '../../documents/index.ts';
import { documentPrefix, externalPrefix } from '../../sbom/index.ts';
import { type ExternalSbom, externalSbomSchema } from '../model.ts';
import type { ExternalSbomStore } from '../ports.ts';

/** Most that are kept of one image; who can push must not make a list without end. */
const MAX_LISTED = 200;

/** Keeps the documents of others content-addressed beside our own, and a record for each under the image that it is about. */
export function documentExternalSboms(documents: DocumentStore): ExternalSbomStore {
  return {
    async put(sbom, content) {
      const document = await saveDocument(documents, documentPrefix(sbom.image), content);
      const record = { ...sbom, document };
      const key = keyOf(record);
      const before = await loadJson(documents, key, externalSbomSchema);
      if (before && (before.standing.kind === 'verified' || sbom.standing.kind !== 'verified')) return before;
      await putJson(documents, key, record);
      return record;
    },
    tell: (sbom, told) => putJson(documents, keyOf(sbom), { ...sbom, told }),
    async list(image) {
      const keys: string[] = [];
      for await (const key of documents.list(externalPrefix(image))) {
        if (keys.push(key) >= MAX_LISTED) break;
      }
      const records = await Promise.all(keys.map((key) => loadJson(documents, key, externalSbomSchema)));
      return records
        .filter((one) => one !== undefined)
        .sort((a, b) => (a.receivedAt < b.receivedAt ? -1 : a.receivedAt > b.receivedAt ? 1 : 0));
    },
    content: ({ document }) => loadDocument(documents, document.key, document.digest),
  };
}

const keyOf = ({ image, document }: Pick<ExternalSbom, 'image' | 'document'>): string =>
  `${externalPrefix(image)}${digestHex(document.digest)}.zst`;
