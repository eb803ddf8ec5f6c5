import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { unreachable } from '../../lib/core/errors.ts';
import { publishable } from '../../lib/events/index.ts';
import { httpKeySets } from '../../lib/identity/adapters/http-key-sets.ts';
import { dynamoCatalog } from '../../lib/inventory/adapters/dynamo-catalog.ts';
import { MAX_CI_BYTES, type ReceivePorts, receiveFromCi } from '../../lib/provenance/index.ts';
import { jsonAnswer } from '../_pipe/json-answer.ts';
import { once } from '../_pipe/once.ts';
import { provenanceConfig, pushPorts } from '../_pipe/provenance-ports.ts';
import { publisher, table } from '../_pipe/wiring.ts';

const bus = once(publisher);
const ports = once((): ReceivePorts => {
  const catalog = dynamoCatalog(table('catalog'), systemClock);
  return {
    ...pushPorts(),
    keys: httpKeySets(systemClock),
    async isKnown(image) {
      const entry = await catalog.find(image);
      return entry !== undefined && entry.deletedAt === undefined;
    },
  };
});

export const handler = middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>().handler(async (event) => {
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  const token = /^Bearer ([A-Za-z0-9._-]+)$/.exec(event.headers['authorization'] ?? '')?.[1] ?? '';
  if (body.length > MAX_CI_BYTES) return jsonAnswer(413, { title: 'request-too-large' });
  const answer = await receiveFromCi(ports(), { token, body }, provenanceConfig());
  switch (answer.kind) {
    case 'refused':
      logger.info(`provenance was refused: ${answer.reason}`);
      return jsonAnswer(401, { title: 'unauthorized' });
    case 'invalid':
      return jsonAnswer(422, { title: 'request-invalid', detail: answer.problem });
    case 'recorded':
      await bus().publish([publishable(answer.event, { root: event.requestContext.requestId }, systemClock.now())]);
      return jsonAnswer(202, answer.event.data);
    default:
      return unreachable(answer);
  }
});
