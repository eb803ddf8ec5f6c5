import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { secretsClient } from '../../lib/aws/clients.ts';
import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { unreachable } from '../../lib/core/errors.ts';
import { httpKeySets } from '../../lib/identity/adapters/http-key-sets.ts';
import { dynamoDeliveries } from '../../lib/intake/adapters/dynamo-deliveries.ts';
import { secretsManagerWebhookSecrets } from '../../lib/intake/adapters/secrets-manager-webhook-secrets.ts';
import {
  GOOGLE_KEYS,
  intakeConfigSchema,
  receiveWebhook,
  type WebhookAnswer,
  type WebhookPorts,
} from '../../lib/intake/index.ts';
import { jsonAnswer } from '../_pipe/json-answer.ts';
import { once } from '../_pipe/once.ts';
import { registries, registriesConfig } from '../_pipe/registries.ts';
import { publisher, secretId, setting, table } from '../_pipe/wiring.ts';

const keySets = once(() => httpKeySets(systemClock));

const ports = once((): WebhookPorts => {
  const sources = new Map(setting('intake', intakeConfigSchema).sources.map((source) => [source.name, source]));
  return {
    sourceOf: (name) => sources.get(name),
    secretsOf: secretsManagerWebhookSecrets(secretsClient(), secretId('webhooks'), systemClock),
    isConfigured: (registry) => registriesConfig().entries.some(({ host }) => host === registry),
    resolveTag: async (at) => {
      const registry = await registries().open(at.registry);
      return (await registry.headManifest({ repository: at.repository, reference: at.tag }))?.digest;
    },
    signingKeys: { find: (keyId) => keySets().find(GOOGLE_KEYS, keyId) },
    deliveries: dynamoDeliveries(table('deliveries'), systemClock),
    publisher: publisher(),
    clock: systemClock,
  };
});

function answer(result: WebhookAnswer): APIGatewayProxyStructuredResultV2 {
  switch (result.kind) {
    case 'accepted':
      return jsonAnswer(202, {
        accepted: result.events,
        ...(result.ignored.length > 0 ? { ignored: result.ignored } : {}),
      });
    case 'repeated':
      return jsonAnswer(202, { accepted: 0 });
    case 'handshake':
      return { statusCode: result.answer.status, headers: { ...result.answer.headers }, body: result.answer.body };
    case 'refused':
      return jsonAnswer(401, { title: 'unauthorized' });
    case 'invalid':
      return jsonAnswer(422, { title: 'invalid', detail: result.problem });
    default:
      return unreachable(result);
  }
}

const named = (given: Readonly<Record<string, string | undefined>> | undefined): ReadonlyMap<string, string> =>
  new Map(Object.entries(given ?? {}).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));

export const handler = middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>().handler(async (event) => {
  const source = event.pathParameters?.['source'] ?? '';
  const result = await receiveWebhook(ports(), {
    source,
    method: event.requestContext.http.method === 'OPTIONS' ? 'OPTIONS' : 'POST',
    headers: named(event.headers),
    query: named(event.queryStringParameters),
    body: Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8'),
  });
  logger.info(`webhook of "${source}": ${result.kind}`, { ignored: 'ignored' in result ? result.ignored : [] });
  return answer(result);
});
