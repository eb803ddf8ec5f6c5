import { locationKey } from '../../core/image-reference.ts';
import type { ScanRecord } from '../model.ts';
import type { ScanStore } from '../ports.ts';

export function memoryScanStore(): ScanStore {
  const records = new Map<string, ScanRecord>();
  return {
    find: async (image) => records.get(image),
    put: async (record) => {
      const key = locationKey(record.subject);
      const known = records.get(key);
      if (known && known.snapshot.sequence > record.snapshot.sequence) return 'superseded';
      records.set(key, structuredClone(record));
      return 'stored';
    },
    async *all() {
      yield* [...records.values()];
    },
  };
}
