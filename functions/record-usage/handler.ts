import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { publishable } from '../../lib/events/index.ts';
import { dynamoRetention } from '../../lib/lifecycle/adapters/dynamo-retention.ts';
import { retentionConfigSchema } from '../../lib/lifecycle/config.ts';
import { recordUsage } from '../../lib/lifecycle/record-usage.ts';
import { eventsHandler } from '../_pipe/events-handler.ts';
import { once } from '../_pipe/once.ts';
import { publisher, setting, table } from '../_pipe/wiring.ts';

const ports = once(() => {
  const retention = dynamoRetention(table('retention'), systemClock);
  const config = setting('retention', retentionConfigSchema);
  return { leases: retention, usage: retention, quarantine: retention, publisher: publisher(), config };
});

export const handler = eventsHandler(async (event) => {
  const { config, ...wired } = ports();
  const result = await recordUsage(wired, event, config);
  if (result.kind === 'condemned') {
    logger.error('a workload uses an image that is being deleted', { eventId: event.id });
    return;
  }
  const cause = { root: event.id };
  await wired.publisher.publish(result.events.map((draft) => publishable(draft, cause, systemClock.now())));
});
