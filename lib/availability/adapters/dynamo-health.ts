import { z } from 'zod';
import { ifAbsent, type Table } from '../../aws/table.ts';
import type { EndpointHealth } from '../model.ts';
import type { HealthStore } from '../ports.ts';

const probe = z.object({
  at: z.string(),
  answered: z.boolean(),
  milliseconds: z.number(),
  detail: z.string().optional(),
});
const itemSchema = z.object({
  registry: z.string(),
  probes: z.array(probe),
  breaker: z.discriminatedUnion('state', [
    z.object({ state: z.literal('closed') }),
    z.object({ state: z.literal('open'), since: z.string(), until: z.string(), relapses: z.int() }),
  ]),
});

const keyOf = (registry: string) => ({ pk: `HEALTH#${registry}`, sk: 'health' });

/** One item for each registry; the time of its last probe is what a swap compares. */
export function dynamoHealth(table: Table): HealthStore {
  return {
    async find(registry) {
      const item = await table.get(keyOf(registry));
      if (!item) return undefined;
      const { probes, ...rest } = itemSchema.parse(item);
      return {
        ...rest,
        probes: probes.map(({ detail, ...one }) => ({ ...one, ...(detail === undefined ? {} : { detail }) })),
      };
    },
    swap(before, after) {
      const lastProbe = lastOf(after);
      const condition =
        before === undefined ? ifAbsent : { expression: 'lastProbe = :before', values: { ':before': lastOf(before) } };
      return table.put({ ...keyOf(after.registry), ...after, lastProbe }, condition);
    },
  };
}

const lastOf = ({ probes }: EndpointHealth): string => probes.at(-1)?.at ?? '';
