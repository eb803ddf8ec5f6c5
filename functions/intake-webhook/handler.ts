import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { secretsClient } from '../../lib/aws/clients.ts';
import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { unreachable } from '../../lib/core/errors.ts';
import { dynamoDeliveries } from '../../lib/intake/adapters/dynamo-deliveries.ts';
import { secretsManagerWebhookSecrets } from '../../lib/intake/adapters/secrets-manager-webhook-secrets.ts';
import { receiveWebhook, type WebhookAnswer } from '../../lib/intake/index.ts';
import { once } from '../_pipe/once.ts';
import { registries, registriesConfig } from '../_pipe/registries.ts';
import { publisher, secretId, table } from '../_pipe/wiring.ts';

const ports = once(() => ({
  secretsOf: secretsManagerWebhookSecrets(secretsClient(), secretId('webhooks'), systemClock),
  isConfigured: (registry: string) => registriesConfig().entries.some(({ host }) => host === registry),
  resolveTag: async (at: { registry: string; repository: string; tag: string }) => {
    const registry = await registries().open(at.registry);
    return (await registry.headManifest({ repository: at.repository, reference: at.tag }))?.digest;
  },
  deliveries: dynamoDeliveries(table('deliveries'), systemClock),
  publisher: publisher(),
  clock: systemClock,
}));

function answer(result: WebhookAnswer): APIGatewayProxyStructuredResultV2 {
  const json = (statusCode: number, body: unknown) => ({
    statusCode,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  switch (result.kind) {
    case 'accepted':
      return json(202, { accepted: result.events });
    case 'repeated':
      return json(202, { accepted: 0 });
    case 'refused':
      return json(401, { title: 'unauthorized' });
    case 'invalid':
      return json(422, { title: 'invalid', detail: result.problem });
    default:
      return unreachable(result);
  }
}

export const handler = middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>().handler(async (event) => {
  const result = await receiveWebhook(ports(), {
    source: event.pathParameters?.['source'] ?? '',
    body: Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8'),
    signature: event.headers['x-lading-signature'],
    delivery: event.headers['x-lading-delivery'],
  });
  logger.info(`webhook of "${event.pathParameters?.['source']}": ${result.kind}`);
  return answer(result);
});
