import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { loadDocument } from '../../lib/documents/index.ts';
import { acceptReport, type EdgeSite, identifySite } from '../../lib/edge/index.ts';
import { publishable } from '../../lib/events/index.ts';
import { edgeConfig, edgeStore, reportPorts } from '../_pipe/edge-ports.ts';
import { jsonAnswer } from '../_pipe/json-answer.ts';
import { once } from '../_pipe/once.ts';
import { publisher } from '../_pipe/wiring.ts';

/** Lambda takes 6 MB with a request; a site with more files reports by file. */
const MAX_BODY_BYTES = 5 * 1024 * 1024;

const bus = once(publisher);
const identity = once(() => ({ sites: edgeStore(), tokens: edgeStore(), clock: systemClock }));

/** Unknown, revoked, unsigned, expired, replayed: the log says which, the caller learns nothing. */
const refusal = (): APIGatewayProxyStructuredResultV2 => jsonAnswer(401, { title: 'unauthorized' });

export const handler = middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>().handler(async (event) => {
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (body.length > MAX_BODY_BYTES) return jsonAnswer(413, { title: 'request-too-large' });
  const token = /^Bearer ([A-Za-z0-9._-]+)$/.exec(event.headers['authorization'] ?? '')?.[1];
  const { method } = event.requestContext.http;
  const site = event.pathParameters?.['site'] ?? '';
  const who = await identifySite(identity(), { method, path: event.rawPath, body, site, token }, edgeConfig().audience);
  if (who.kind === 'refused') {
    logger.warn('a site was refused', { reason: who.reason, site: site.slice(0, 63), route: event.routeKey });
    return refusal();
  }
  if (event.routeKey.startsWith('GET ')) return desiredState(who.site);
  return takeReport(who.site, body, event.requestContext.requestId);
});

async function desiredState({ name }: EdgeSite): Promise<APIGatewayProxyStructuredResultV2> {
  const record = await edgeStore().current(name);
  const envelope = record && (await loadDocument(reportPorts().documents, record.key));
  if (envelope === undefined) return jsonAnswer(404, { title: 'state-unknown' });
  return {
    statusCode: 200,
    headers: { 'content-type': 'application/vnd.dsse.envelope.v1+json', 'cache-control': 'no-store' },
    body: Buffer.from(envelope).toString('utf8'),
  };
}

async function takeReport(
  site: EdgeSite,
  envelope: Uint8Array,
  requestId: string,
): Promise<APIGatewayProxyStructuredResultV2> {
  const outcome = await acceptReport(reportPorts(), site, envelope);
  if (outcome.kind === 'refused') {
    logger.warn('a report was refused', { reason: outcome.reason, site: site.name });
    return jsonAnswer(409, { title: 'report-refused', reason: outcome.reason, detail: outcome.detail });
  }
  await bus().publish([publishable(outcome.event, { root: requestId }, systemClock.now())]);
  const { standing, sequence, missing, extra } = outcome.record;
  return jsonAnswer(202, { standing, sequence, missing, extra });
}
