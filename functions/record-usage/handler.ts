import { dynamoRetention } from '../../lib/lifecycle/adapters/dynamo-retention.ts';
import { recordUsage } from '../../lib/lifecycle/record-usage.ts';
import { eventsHandler } from '../_pipe/events-handler.ts';
import { once } from '../_pipe/once.ts';
import { table } from '../_pipe/wiring.ts';

const ports = once(() => {
  const retention = dynamoRetention(table('retention'));
  return { leases: retention, usage: retention };
});

export const handler = eventsHandler((event) => recordUsage(ports(), event));
