import { type Item, queryAll, type Table } from '../../aws/table.ts';
import { type Digest, digestHex } from '../../core/digest.ts';
import { locationKey } from '../../core/image-reference.ts';
import { type ScanRecord, scanRecordSchema } from '../model.ts';
import type { ScanStore } from '../ports.ts';

const SCAN = 'SCAN';
const keyOf = (image: string) => ({ pk: `IMAGE#${image}`, sk: SCAN });

/** All scans are found through the index, spread over partitions by the first digit of the digest. */
const DIGITS = [...'0123456789abcdef'];
const partitionOf = (digest: Digest): string => `SCANS#${digestHex(digest)[0]}`;

/** One row an image; findings are in the scan document, so a row stays small however vulnerable the image is. */
export function dynamoScanStore(table: Table): ScanStore {
  return {
    async find(image) {
      const item = await table.get(keyOf(image));
      return item ? toRecord(item) : undefined;
    },
    async put(record) {
      const { sequence } = record.snapshot;
      const stored = await table.put(
        {
          ...keyOf(locationKey(record.subject)),
          gsi1pk: partitionOf(record.subject.digest),
          gsi1sk: locationKey(record.subject),
          sequence,
          record,
        },
        {
          expression: 'attribute_not_exists(pk) OR #sequence <= :sequence',
          names: { '#sequence': 'sequence' },
          values: { ':sequence': sequence },
        },
      );
      return stored ? 'stored' : 'superseded';
    },
    async *all() {
      for (const digit of DIGITS) {
        for await (const item of queryAll(table, { pk: `SCANS#${digit}`, index: 'gsi1' })) yield toRecord(item);
      }
    },
  };
}

const toRecord = (item: Item): ScanRecord => scanRecordSchema.parse(item.record);
