import { type Item, ifAbsent, queryAll, type Table } from '../../aws/table.ts';
import { type KeyRecord, keyRecordSchema } from '../model.ts';
import type { KeyRegister } from '../ports.ts';

const PK = 'KEYS';
const SK = 'key#';

/** A handful of rows in one partition, read together. */
export function dynamoKeys(table: Table): KeyRegister {
  return {
    async note(key) {
      await table.put({ pk: PK, sk: `${SK}${key.keyId}`, record: key }, ifAbsent);
    },
    async all() {
      const records: KeyRecord[] = [];
      for await (const row of queryAll(table, { pk: PK, sortKey: { beginsWith: SK } })) records.push(toRecord(row));
      return records;
    },
    async revoke(keyId, revocation) {
      const key = { pk: PK, sk: `${SK}${keyId}` };
      const change = {
        expression: 'SET #record.#revoked = if_not_exists(#record.#revoked, :revocation)',
        names: { '#record': 'record', '#revoked': 'revoked' },
        values: { ':revocation': revocation },
      };
      const row = await table.update(key, change, 'attribute_exists(pk)');
      return row && toRecord(row);
    },
  };
}

const toRecord = (row: Item): KeyRecord => keyRecordSchema.parse(row.record);
