import { createHash, timingSafeEqual } from 'node:crypto';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { admissionConfigSchema, admitWorkload, readReview, writeReview } from '../../lib/admission/index.ts';
import { availabilityConfigSchema, resolveImage } from '../../lib/availability/index.ts';
import { secretsClient } from '../../lib/aws/clients.ts';
import { logger } from '../../lib/aws/telemetry.ts';
import type { ImageLocation } from '../../lib/core/image-reference.ts';
import { admissionJudge } from '../_pipe/admission-judge.ts';
import { jsonAnswer } from '../_pipe/json-answer.ts';
import { once } from '../_pipe/once.ts';
import { registries } from '../_pipe/registries.ts';
import { resolverPorts } from '../_pipe/resolver.ts';
import { secretId, setting } from '../_pipe/wiring.ts';

const config = once(() => setting('admission', admissionConfigSchema));
const availability = once(() => setting('availability', availabilityConfigSchema));

const ports = once(() => ({
  trust: admissionJudge(),
  tags: {
    async digestOf(at: { readonly registry: string; readonly repository: string; readonly tag: string }) {
      const registry = await registries().open(at.registry);
      return (await registry.headManifest({ repository: at.repository, reference: at.tag }))?.digest;
    },
  },
  places: {
    async nearest(image: ImageLocation, near: string) {
      const found = await resolveImage(resolverPorts(), { ...image, near }, availability());
      return found.kind === 'resolved' ? found.place : undefined;
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

export const handler = middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>().handler(async (event) => {
  const { token = '', action = '' } = event.pathParameters ?? {};
  const [verb, near] = action.split('@', 2);
  const isKnown = near === undefined || availability().locations.some(({ name }) => name === near);
  if (!(await isOurs(token)) || (verb !== 'validate' && verb !== 'mutate') || !isKnown) {
    return jsonAnswer(401, { title: 'unauthorized' });
  }
  const reading = readReview(Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8'));
  if (reading.kind === 'invalid') return jsonAnswer(400, { title: 'review-invalid', detail: reading.problem });
  const { request } = reading;
  const answer = await admitWorkload(ports(), request, config(), {
    change: verb === 'mutate',
    ...(near === undefined ? {} : { near }),
  });
  logger.info(`${request.operation} ${request.kind.kind} ${request.namespace ?? ''}/${request.name ?? ''}`, {
    allowed: answer.allowed,
    ...(answer.message === undefined ? {} : { message: answer.message }),
  });
  return jsonAnswer(200, writeReview(request, answer));
});
