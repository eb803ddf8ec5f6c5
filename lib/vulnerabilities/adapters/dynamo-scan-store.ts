import type { Item, Page, Table } from '../../aws/table.ts';
import { locationKey } from '../../core/image-reference.ts';
import { type ScanRecord, scanRecordSchema } from '../model.ts';
import type { ScanStore } from '../ports.ts';

const SCAN = 'SCAN';
const keyOf = (image: string) => ({ pk: `IMAGE#${image}`, sk: SCAN });

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
        { ...keyOf(locationKey(record.subject)), sequence, record },
        {
          expression: 'attribute_not_exists(pk) OR #sequence <= :sequence',
          names: { '#sequence': 'sequence' },
          values: { ':sequence': sequence },
        },
      );
      return stored ? 'stored' : 'superseded';
    },
    async *all() {
      let cursor: string | undefined;
      do {
        const page: Page = await table.scan(cursor ? { cursor } : {});
        for (const item of page.items) if (item.sk === SCAN) yield toRecord(item);
        cursor = page.cursor;
      } while (cursor);
    },
  };
}

const toRecord = (item: Item): ScanRecord => scanRecordSchema.parse(item.record);
