import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { publishable } from '../../lib/events/index.ts';
import { dynamoWaiverStore } from '../../lib/policy/adapters/dynamo-waiver-store.ts';
import { policyConfigSchema, reviewWaivers } from '../../lib/policy/index.ts';
import { eventsHandler } from '../_pipe/events-handler.ts';
import { once } from '../_pipe/once.ts';
import { publisher, setting, table } from '../_pipe/wiring.ts';

const ports = once(() => ({ waivers: dynamoWaiverStore(table('verdicts')), clock: systemClock }));
const policy = once(() => setting('policy', policyConfigSchema));
const bus = once(publisher);

export const handler = eventsHandler(async (tick) => {
  const { drafts, until } = await reviewWaivers(ports(), policy());
  await bus().publish(drafts.map((draft) => publishable(draft, { root: tick.id }, systemClock.now())));
  await ports().waivers.markReviewed(until);
  if (drafts.length > 0) logger.info(`${drafts.length} waivers and exceptions ended`);
});
