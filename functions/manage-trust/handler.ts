import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { z } from 'zod';
import { dynamoCryptoInventory } from '../../lib/attestation/adapters/dynamo-crypto-inventory.ts';
import { algorithmUseAt, summariseCrypto } from '../../lib/attestation/index.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { isLadingError, LadingError } from '../../lib/core/errors.ts';
import { parseLocationKey } from '../../lib/core/image-reference.ts';
import { parseJsonStrict } from '../../lib/core/json.ts';
import { publishable } from '../../lib/events/index.ts';
import { dynamoKeys } from '../../lib/keys/adapters/dynamo-keys.ts';
import { revokeKey } from '../../lib/keys/index.ts';
import { dynamoLineage } from '../../lib/provenance/adapters/dynamo-provenance.ts';
import { jsonAnswer } from '../_pipe/json-answer.ts';
import { once } from '../_pipe/once.ts';
import { requiredKeys, trust } from '../_pipe/trust.ts';
import { trustJudge } from '../_pipe/trust-judge.ts';
import { publisher, table } from '../_pipe/wiring.ts';

const register = once(() => dynamoKeys(table('signatures')));
const crypto = once(() => dynamoCryptoInventory(table('signatures')));
const lineage = once(() => dynamoLineage(table('signatures')));
const bus = once(publisher);

const revocation = z.strictObject({ keyId: z.string().min(1).max(100), reason: z.string().min(1).max(500) });

async function listKeys(): Promise<APIGatewayProxyStructuredResultV2> {
  const required = new Set((await requiredKeys()).map(({ keyId }) => keyId));
  const keys = (await register().all()).map((key) => ({ ...key, signsNow: required.has(key.keyId) }));
  return jsonAnswer(200, { use: algorithmUseAt(trust(), systemClock.now()), keys });
}

/** The request's id is the cause: whoever asks twice is told twice, and the key is revoked once. */
async function revoke(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  const parsed = revocation.safeParse(parseJsonStrict(body, { maxBytes: 16 * 1024, what: 'the request' }));
  if (!parsed.success) throw new LadingError('request-invalid', z.prettifyError(parsed.error));
  const { keyId, reason } = parsed.data;
  const draft = await revokeKey({ register: register(), clock: systemClock }, keyId, reason);
  await bus().publish([publishable(draft, { root: event.requestContext.requestId }, systemClock.now())]);
  return jsonAnswer(200, draft.data);
}

/** Which images a commit, a base image or any other material went into. */
async function builtFrom(material: string): Promise<APIGatewayProxyStructuredResultV2> {
  const images: string[] = [];
  for await (const image of lineage().builtFrom(material)) {
    if (images.length === MOST_IMAGES) return jsonAnswer(200, { material, images, complete: false });
    images.push(image);
  }
  return jsonAnswer(200, { material, images, complete: true });
}

const MOST_IMAGES = 1000;

async function answer(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  switch (event.routeKey) {
    case 'GET /api/trust/keys':
      return listKeys();
    case 'POST /api/trust/keys/revoke':
      return revoke(event);
    case 'GET /api/trust/crypto':
      return jsonAnswer(200, await summariseCrypto(crypto(), await requiredKeys()));
    case 'GET /api/trust/built-from':
      return builtFrom(event.queryStringParameters?.['material'] ?? '');
    case 'GET /api/trust/verdict':
      return jsonAnswer(200, await trustJudge().judge(parseLocationKey(event.queryStringParameters?.['image'] ?? '')));
    default:
      return jsonAnswer(404, { title: 'not-found', detail: `there is no ${event.routeKey}` });
  }
}

export const handler = middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>().handler(async (event) => {
  try {
    return await answer(event);
  } catch (error) {
    if (!isLadingError(error) || error.retryable) throw error;
    const status = error.code === 'key-unknown' ? 404 : 422;
    return jsonAnswer(status, {
      title: error.code,
      detail: error.message,
      ...(error.hint ? { hint: error.hint } : {}),
    });
  }
});
