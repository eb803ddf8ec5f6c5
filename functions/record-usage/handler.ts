import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { dynamoRetention } from '../../lib/lifecycle/adapters/dynamo-retention.ts';
import { recordUsage } from '../../lib/lifecycle/record-usage.ts';
import { eventsHandler } from '../_pipe/events-handler.ts';
import { once } from '../_pipe/once.ts';
import { table } from '../_pipe/wiring.ts';

const ports = once(() => {
  const retention = dynamoRetention(table('retention'), systemClock);
  return { leases: retention, usage: retention };
});

export const handler = eventsHandler(async (event) => {
  if ((await recordUsage(ports(), event)) === 'recorded') return;
  logger.error('a workload uses an image that is being deleted', { eventId: event.id });
});
