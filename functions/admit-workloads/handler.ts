import { createHash, timingSafeEqual } from 'node:crypto';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { admissionConfigSchema, admitWorkload, readReview, writeReview } from '../../lib/admission/index.ts';
import { secretsClient } from '../../lib/aws/clients.ts';
import { logger } from '../../lib/aws/telemetry.ts';
import { admissionJudge } from '../_pipe/admission-judge.ts';
import { once } from '../_pipe/once.ts';
import { registries } from '../_pipe/registries.ts';
import { secretId, setting } from '../_pipe/wiring.ts';

const config = once(() => setting('admission', admissionConfigSchema));

const ports = once(() => ({
  trust: admissionJudge(),
  tags: {
    async digestOf(at: { readonly registry: string; readonly repository: string; readonly tag: string }) {
      const registry = await registries().open(at.registry);
      return (await registry.headManifest({ repository: at.repository, reference: at.tag }))?.digest;
    },
  },
}));

/** Read once per process: another secret takes another deployment of the webhook configuration, too. */
const secret = once(async () => {
  const { SecretString } = await secretsClient().send(new GetSecretValueCommand({ SecretId: secretId('admission') }));
  return SecretString ?? '';
});

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

async function isOurs(token: string): Promise<boolean> {
  const expected = await secret();
  return expected !== '' && timingSafeEqual(digest(token), digest(expected));
}

const json = (statusCode: number, body: unknown): APIGatewayProxyStructuredResultV2 => ({
  statusCode,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

export const handler = middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>().handler(async (event) => {
  const { token = '', action = '' } = event.pathParameters ?? {};
  if (!(await isOurs(token)) || (action !== 'validate' && action !== 'mutate')) {
    return json(401, { title: 'unauthorized' });
  }
  const reading = readReview(Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8'));
  if (reading.kind === 'invalid') return json(400, { title: 'review-invalid', detail: reading.problem });
  const { request } = reading;
  const answer = await admitWorkload(ports(), request, config(), { change: action === 'mutate' });
  logger.info(`${request.operation} ${request.kind.kind} ${request.namespace ?? ''}/${request.name ?? ''}`, {
    allowed: answer.allowed,
    ...(answer.message === undefined ? {} : { message: answer.message }),
  });
  return json(200, writeReview(request, answer));
});
