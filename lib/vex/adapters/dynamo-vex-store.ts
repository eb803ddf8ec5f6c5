import { pack, unpack } from '../../aws/packed.ts';
import { queryAll, type Table } from '../../aws/table.ts';
import { digestHex, digestOf } from '../../core/digest.ts';
import { canonicalJson } from '../../core/json.ts';
import { type VexRecord, vexRecordSchema } from '../model.ts';
import type { VexStore } from '../ports.ts';

type Place = { readonly registry: string; readonly repository: string };
const pkOf = ({ registry, repository }: Place): string => `VEX#${registry}/${repository}`;
/** The same document beside two images is two: each is vouched for by itself. */
const skOf = ({ origin }: VexRecord): string =>
  digestHex(digestOf(canonicalJson([origin.document, origin.via, origin.image ?? null, origin.trustedBy ?? null])));
const contentOf = ({ origin, statements }: VexRecord) => digestOf(canonicalJson([origin, statements]));

/** One row for each document and repository, in the table of verdicts, which depend on them. */
export function dynamoVexStore(table: Table): VexStore {
  return {
    async put(record) {
      const key = { pk: pkOf(record), sk: skOf(record) };
      const content = contentOf(record);
      if ((await table.get(key))?.content === content) return 'unchanged';
      await table.put({ ...key, content, record: pack(record, 'vex-too-large') });
      return 'stored';
    },
    async of(at) {
      const records: VexRecord[] = [];
      for await (const item of queryAll(table, { pk: pkOf(at) }))
        records.push(vexRecordSchema.parse(unpack(item.record)));
      return records;
    },
  };
}
