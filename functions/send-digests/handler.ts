import { logger } from '../../lib/aws/telemetry.ts';
import { dynamoDigestQueue } from '../../lib/notifications/adapters/dynamo-digest-queue.ts';
import { notificationsConfigSchema, sendDigests } from '../../lib/notifications/index.ts';
import { eventsHandler } from '../_pipe/events-handler.ts';
import { serviceChannelsOf } from '../_pipe/notification-channels.ts';
import { once } from '../_pipe/once.ts';
import { setting, table } from '../_pipe/wiring.ts';

const config = once(() => setting('notifications', notificationsConfigSchema));

export const handler = eventsHandler(async () => {
  const channels = serviceChannelsOf(config()).filter((_channel, i) => config().channels[i]?.digest);
  const { sent, failures } = await sendDigests(dynamoDigestQueue(table('deliveries')), channels);
  if (sent > 0) logger.info(`${sent} digests sent`);
  // The others were told; the message comes again for those that were not.
  if (failures.length > 0) throw failures[0];
});
