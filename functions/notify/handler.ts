import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { dynamoDigestQueue } from '../../lib/notifications/adapters/dynamo-digest-queue.ts';
import { logChannel } from '../../lib/notifications/adapters/log-channel.ts';
import { digested, notificationsConfigSchema, notify, rulesOf } from '../../lib/notifications/index.ts';
import { dynamoLedger } from '../../lib/work/adapters/dynamo-ledger.ts';
import { eventsHandler } from '../_pipe/events-handler.ts';
import { serviceChannelsOf, webhooksOf } from '../_pipe/notification-channels.ts';
import { once } from '../_pipe/once.ts';
import { setting, table } from '../_pipe/wiring.ts';

const log = {
  info: (message: string, fields: object) => logger.info(message, { ...fields }),
  warn: (message: string, fields: object) => logger.warn(message, { ...fields }),
  error: (message: string, fields: object) => logger.error(message, { ...fields }),
};

const ports = once(() => {
  const config = setting('notifications', notificationsConfigSchema);
  const deliveries = table('deliveries');
  const queue = dynamoDigestQueue(deliveries);
  const services = serviceChannelsOf(config).map((channel, i) =>
    config.channels[i]?.digest ? digested(channel, queue) : channel,
  );
  return {
    ledger: dynamoLedger(deliveries, systemClock),
    channels: [logChannel(log), ...webhooksOf(config), ...services],
    rules: rulesOf(config),
  };
});

/** Longer than a channel takes at most, and no longer than it must be: so long a notification waits for a dead worker. */
const LEASE_MS = 15_000;

export const handler = eventsHandler(async (event, { owner, leaseMs }) => {
  const { rules, ...wired } = ports();
  const { sent } = await notify(wired, { event, rules, owner, leaseMs: Math.min(leaseMs, LEASE_MS) });
  if (sent.length > 0) logger.debug(`told ${sent.join(', ')}`);
});
