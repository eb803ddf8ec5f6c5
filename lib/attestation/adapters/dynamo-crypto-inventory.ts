import { queryAll, type Table } from '../../aws/table.ts';
import { digestHex } from '../../core/digest.ts';
import { locationKey } from '../../core/image-reference.ts';
import { type CryptoEntry, cryptoEntrySchema } from '../model.ts';
import type { CryptoInventory } from '../ports.ts';

const DIGITS = [...'0123456789abcdef'];

/** One small row for each image and key; all are found through the index, an image's rows one after the other. */
export function dynamoCryptoInventory(table: Table): CryptoInventory {
  return {
    async note(entry) {
      const pk = locationKey(entry.subject);
      await table.put({
        pk,
        sk: `crypto#${entry.keyId}`,
        gsi1pk: `CRYPTO#${digestHex(entry.subject.digest)[0]}`,
        gsi1sk: `${digestHex(entry.subject.digest)}#${pk}#${entry.keyId}`,
        entry,
      });
    },
    async of(image) {
      const entries: CryptoEntry[] = [];
      const query = { pk: locationKey(image), sortKey: { beginsWith: 'crypto#' } };
      for await (const row of queryAll(table, query)) entries.push(cryptoEntrySchema.parse(row.entry));
      return entries;
    },
    async *all({ after } = {}) {
      // The cursor names an image; `~` sorts after every key id of it.
      const hex = after === undefined ? '' : digestHex(after.slice(after.indexOf('@') + 1) as `sha256:${string}`);
      const from = after === undefined ? undefined : `${hex}#${after}#~`;
      for (const digit of DIGITS) {
        if (from !== undefined && digit < (hex[0] ?? '')) continue;
        const range = from !== undefined && digit === hex[0] ? { sortKey: { after: from } } : {};
        for await (const row of queryAll(table, { pk: `CRYPTO#${digit}`, index: 'gsi1', ...range })) {
          yield cryptoEntrySchema.parse(row.entry);
        }
      }
    },
  };
}
