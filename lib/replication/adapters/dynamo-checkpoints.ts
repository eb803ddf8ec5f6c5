import { z } from 'zod';
import type { Table } from '../../aws/table.ts';
import type { Clock } from '../../core/clock.ts';
import type { CheckpointStore } from '../transfer-limits.ts';

/** Registries forget an upload that nobody goes on with after a day or a week; so do we. */
const KEPT_SECONDS = 7 * 24 * 3600;

const checkpointSchema = z.object({
  location: z.string(),
  offset: z.int().nonnegative(),
  state: z.string().regex(/^[0-9a-f]{64}$/),
  expiresAt: z.number(),
});
const keyOf = (upload: string) => ({ pk: `UPLOAD#${upload}`, sk: 'CHECKPOINT' });

/** Beside the work ledger, whose table it shares: what is half done is part of the work state. */
export function dynamoCheckpoints(table: Table, clock: Clock): CheckpointStore {
  const seconds = (): number => Math.floor(clock.now().getTime() / 1_000);
  return {
    async load(upload) {
      const item = await table.get(keyOf(upload));
      if (item === undefined) return undefined;
      const { expiresAt, ...checkpoint } = checkpointSchema.parse(item);
      return expiresAt > seconds() ? checkpoint : undefined;
    },
    save: async (upload, checkpoint) =>
      void (await table.put({ ...keyOf(upload), ...checkpoint, expiresAt: seconds() + KEPT_SECONDS })),
    forget: async (upload) => void (await table.delete(keyOf(upload))),
  };
}
