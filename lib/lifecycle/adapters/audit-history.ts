import { z } from 'zod';
import type { AuditLog } from '../../audit/index.ts';
import type { EventHistory } from '../replay/model.ts';

const PAGE = 1_000;
const detailSchema = z.object({ data: z.unknown() });

/** The audit trail from its beginning. What is too large for a row there is left out: no event that is replayed is. */
export const auditHistory = (log: Pick<AuditLog, 'list'>): EventHistory => ({
  async *events() {
    for (let after = 0; ; ) {
      const entries = await log.list(after, PAGE);
      for (const { detailType, time, detail } of entries) {
        yield { detailType, time, data: detailSchema.safeParse(detail).data?.data };
      }
      const last = entries.at(-1);
      if (!last) return;
      after = last.seq;
    }
  },
});
