export {
  contentKey,
  type DocumentRef,
  loadDocument,
  loadJson,
  putDocument,
  putJson,
  putJsonIfAbsent,
  saveDocument,
  saveJson,
} from './json-documents.ts';
export type { DocumentStore } from './ports.ts';
