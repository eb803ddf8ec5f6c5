import { canonicalJson } from '../../core/json.ts';
import type { VexRecord } from '../model.ts';
import type { VexStore } from '../ports.ts';

export function memoryVexStore(): VexStore {
  const records = new Map<string, VexRecord>();
  return {
    async put(record) {
      const { registry, repository, origin, statements } = record;
      const key = canonicalJson([registry, repository, origin.document, origin.via, origin.image, origin.trustedBy]);
      const known = records.get(key);
      if (known && canonicalJson([known.origin, known.statements]) === canonicalJson([origin, statements])) {
        return 'unchanged';
      }
      records.set(key, structuredClone(record));
      return 'stored';
    },
    of: async ({ registry, repository }) =>
      [...records.values()].filter((one) => one.registry === registry && one.repository === repository),
  };
}
