import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { secretsClient } from '../../lib/aws/clients.ts';
import { ownCredentials, signRequest } from '../../lib/aws/sign-request.ts';
import { type SignAws, serviceChannel } from '../../lib/notifications/adapters/service-channels.ts';
import { webhookChannel } from '../../lib/notifications/adapters/webhook-channel.ts';
import type { Channel, NotificationsConfig } from '../../lib/notifications/index.ts';
import { integrationToken } from './integrations.ts';
import { secretId } from './wiring.ts';

const webhookKey = async (): Promise<string> => {
  const { SecretString } = await secretsClient().send(
    new GetSecretValueCommand({ SecretId: secretId('notifications') }),
  );
  return SecretString ?? '';
};

const signAws: SignAws = ({ service, region, url, headers, body }) =>
  signRequest({ service, region, url, method: 'POST', headers, body, credentials: ownCredentials });

export const webhooksOf = (config: NotificationsConfig): readonly Channel[] =>
  config.webhooks.map((webhook) => webhookChannel({ webhook, secret: webhookKey }));

export const serviceChannelsOf = ({ channels, allowHosts }: NotificationsConfig): readonly Channel[] =>
  channels.map((channel) => serviceChannel({ channel, allowHosts, secret: integrationToken, signAws }));
