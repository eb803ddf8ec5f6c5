import { z } from 'zod';
import { locationKey } from '../../core/image-reference.ts';
import { digestSchema } from '../../events/index.ts';
import type { UsageStore } from '../../lifecycle/index.ts';
import type { PullCounter } from '../ports.ts';
import { eventsOfPeriod, type Trail } from '../read-trail.ts';

const pulled = z.object({ subject: z.object({ registry: z.string(), repository: z.string(), digest: digestSchema }) });

/** Counts the pulls that the audit trail has events of. */
export const trailPulls = (trail: Trail, usage: Pick<UsageStore, 'pulls'>): PullCounter => ({
  async count({ from, until }) {
    const pulls = new Map<string, number>();
    for await (const event of eventsOfPeriod(trail, { from: from.getTime(), until: until.getTime() })) {
      if (event.detailType !== 'Image Pulled') continue;
      const data = pulled.safeParse(event.data);
      if (!data.success) continue;
      const key = locationKey(data.data.subject);
      pulls.set(key, (pulls.get(key) ?? 0) + 1);
    }
    return pulls;
  },
  tells: async (of) => (await usage.pulls(of)) !== undefined,
});
