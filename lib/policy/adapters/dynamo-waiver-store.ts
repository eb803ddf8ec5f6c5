import { queryAll, type Table } from '../../aws/table.ts';
import type { WaiverStore } from '../ports.ts';
import { type Waiver, waiverSchema } from '../waiver.ts';

const WAIVERS = 'WAIVERS';
const REVIEW = 'WAIVER-REVIEW';

/** All waivers are one partition of the table of verdicts: there are few, and every decision reads them. */
export function dynamoWaiverStore(table: Table): WaiverStore {
  const find = async (id: string): Promise<Waiver | undefined> => {
    const item = await table.get({ pk: WAIVERS, sk: id });
    return item ? waiverSchema.parse(item.waiver) : undefined;
  };
  return {
    async add(waiver) {
      const added = await table.put(
        { pk: WAIVERS, sk: waiver.id, waiver },
        // A waiver that was taken back can be given again.
        { expression: 'attribute_not_exists(pk) OR attribute_exists(waiver.removed)' },
      );
      return added ? waiver : ((await find(waiver.id)) ?? waiver);
    },
    find,
    async list() {
      const waivers: Waiver[] = [];
      for await (const item of queryAll(table, { pk: WAIVERS })) waivers.push(waiverSchema.parse(item.waiver));
      return waivers;
    },
    async remove(id, removed) {
      const changed = await table.update(
        { pk: WAIVERS, sk: id },
        {
          expression: 'SET waiver.#removed = :removed',
          names: { '#removed': 'removed' },
          values: { ':removed': removed },
        },
        'attribute_exists(pk) AND attribute_not_exists(waiver.#removed)',
      );
      return changed ? waiverSchema.parse(changed.waiver) : find(id);
    },
    async reviewedUntil() {
      const item = await table.get({ pk: REVIEW, sk: REVIEW });
      return typeof item?.until === 'string' ? item.until : undefined;
    },
    async markReviewed(until) {
      await table.put(
        { pk: REVIEW, sk: REVIEW, until },
        {
          expression: 'attribute_not_exists(pk) OR #until < :until',
          names: { '#until': 'until' },
          values: { ':until': until },
        },
      );
    },
  };
}
