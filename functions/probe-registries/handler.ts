import { dynamoHealth } from '../../lib/availability/adapters/dynamo-health.ts';
import { availabilityConfigSchema, probeRegistry } from '../../lib/availability/index.ts';
import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { mapLimit } from '../../lib/core/concurrency.ts';
import { publishable } from '../../lib/events/index.ts';
import { createAttempts } from '../_pipe/attempts.ts';
import { eventsHandler } from '../_pipe/events-handler.ts';
import { once } from '../_pipe/once.ts';
import { registries, registriesConfig } from '../_pipe/registries.ts';
import { publisher, setting, table } from '../_pipe/wiring.ts';

const AT_ONCE = 8;

const config = once(() => setting('availability', availabilityConfigSchema));
const bus = once(publisher);
const ports = once(() => ({
  health: dynamoHealth(table('replicas')),
  clock: systemClock,
  open: (registry: string) => registries().open(registry),
}));

export const handler = eventsHandler(async (tick) => {
  if (!config().probe) return;
  const { attempt, end } = createAttempts();
  await mapLimit(registriesConfig().entries, AT_ONCE, ({ host }) =>
    attempt(`probing ${host}`, async () => {
      const drafts = await probeRegistry(ports(), host, config());
      await bus().publish(drafts.map((draft) => publishable(draft, { root: tick.id }, systemClock.now())));
      for (const { detailType, data } of drafts) logger.warn(`${host}: ${detailType}`, { ...(data as object) });
    }),
  );
  end();
});
