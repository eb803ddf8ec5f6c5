import { z } from 'zod';
import { systemClock } from '../../lib/core/clock.ts';
import { type EventDraft, publishable } from '../../lib/events/index.ts';
import { listRepositories } from '../../lib/inventory/index.ts';
import { createAttempts } from '../_pipe/attempts.ts';
import { eventsHandler } from '../_pipe/events-handler.ts';
import { once } from '../_pipe/once.ts';
import { registries, registriesConfig } from '../_pipe/registries.ts';
import { publisher } from '../_pipe/wiring.ts';
import { tellBudgets } from './check-budgets.ts';
import { tellEdgePlans } from './edge-plans.ts';
import { pollRegistries, polls } from './poll-registries.ts';
import { sweepPorts, sweepRepository } from './sweep-repository.ts';

/** An image whose last sign of life is younger is still on its way. */
const GRACE_MS = 15 * 60 * 1000;

/**
 * EventBridge's tick has no detail; a sweep that is asked for by hand may say that it looks at younger images, too, or that
 * copies are to be brought up to date, of a rule or a repository alone.
 */
const tickSchema = z
  .object({
    graceMs: z.number().nonnegative().default(GRACE_MS),
    replicate: z.object({ rule: z.string().optional(), repository: z.string().optional() }).optional(),
  })
  .catch({ graceMs: GRACE_MS });

const bus = once(publisher);

/** Only what is known of it is swept. */
const listingNothing = (host: string) => ({ host, listRepositories: async function* () {} });

export const handler = eventsHandler(async (tick) => {
  const { graceMs, replicate } = tickSchema.parse(tick.detail);
  const publish = (drafts: readonly EventDraft[]): Promise<void> =>
    bus().publish(drafts.map((draft) => publishable(draft, { root: tick.id, sweep: true }, systemClock.now())));
  const { attempt, end } = createAttempts();
  if (!replicate) await pollRegistries(attempt);
  for (const { host, role } of registriesConfig().entries) {
    await attempt(`the sweep of ${host}`, async () => {
      // What is new in a registry that is polled is told by the poll, which knows what was there before.
      const announces = !polls().some((poll) => poll.registry === host);
      const lister = announces ? await registries().open(host) : listingNothing(host);
      for (const repository of await listRepositories(lister, sweepPorts().catalog)) {
        if (replicate?.repository !== undefined && replicate.repository !== repository) continue;
        const options = { isSource: role === 'source', graceMs, announces, publish, replicate };
        await attempt(`the sweep of ${host}/${repository}`, () =>
          sweepRepository({ registry: host, repository }, options),
        );
      }
    });
  }
  if (!replicate) await attempt('the look at budgets', () => tellBudgets(bus(), tick.id));
  if (!replicate) await attempt('asking for plans of edge sites', () => tellEdgePlans(publish));
  end();
});
