import type { DocumentStore } from '../ports.ts';

export function memoryDocuments(): DocumentStore & { readonly size: number } {
  const documents = new Map<string, Uint8Array>();
  return {
    get size() {
      return documents.size;
    },
    get: async (key) => documents.get(key)?.slice(),
    put: async (key, content) => void documents.set(key, content.slice()),
    putIfAbsent: async (key, content) => {
      if (documents.has(key)) return false;
      documents.set(key, content.slice());
      return true;
    },
    async *list(prefix) {
      yield* [...documents.keys()].filter((key) => key.startsWith(prefix)).sort();
    },
    delete: async (key) => void documents.delete(key),
  };
}
