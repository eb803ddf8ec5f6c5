import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { secretsClient } from '../../lib/aws/clients.ts';
import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { logChannel } from '../../lib/notifications/adapters/log-channel.ts';
import { webhookChannel } from '../../lib/notifications/adapters/webhook-channel.ts';
import { notificationsConfigSchema, notify, rulesOf } from '../../lib/notifications/index.ts';
import { dynamoLedger } from '../../lib/work/adapters/dynamo-ledger.ts';
import { eventsHandler } from '../_pipe/events-handler.ts';
import { once } from '../_pipe/once.ts';
import { secretId, setting, table } from '../_pipe/wiring.ts';

const secret = async (): Promise<string> => {
  const { SecretString } = await secretsClient().send(
    new GetSecretValueCommand({ SecretId: secretId('notifications') }),
  );
  return SecretString ?? '';
};

const log = {
  info: (message: string, fields: object) => logger.info(message, { ...fields }),
  warn: (message: string, fields: object) => logger.warn(message, { ...fields }),
  error: (message: string, fields: object) => logger.error(message, { ...fields }),
};

const ports = once(() => {
  const config = setting('notifications', notificationsConfigSchema);
  return {
    ledger: dynamoLedger(table('deliveries'), systemClock),
    channels: [logChannel(log), ...config.webhooks.map((webhook) => webhookChannel({ webhook, secret }))],
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
