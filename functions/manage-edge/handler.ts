import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { z } from 'zod';
import { systemClock } from '../../lib/core/clock.ts';
import { isLadingError, LadingError } from '../../lib/core/errors.ts';
import { parseJsonStrict } from '../../lib/core/json.ts';
import { loadDocument } from '../../lib/documents/index.ts';
import {
  acceptReport,
  describePlan,
  type EdgeSite,
  edgeError,
  hubCandidates,
  planSite,
  registerSite,
  registrationSchema,
  reviseSite,
  revisionSchema,
  revokeSite,
  type SiteChange,
} from '../../lib/edge/index.ts';
import { draftEvent, type EventDraft, edgePlansDue, publishable } from '../../lib/events/index.ts';
import { hubConfig, hubPorts } from '../_pipe/edge-hub.ts';
import { edgeStore, reportPorts } from '../_pipe/edge-ports.ts';
import { jsonAnswer } from '../_pipe/json-answer.ts';
import { once } from '../_pipe/once.ts';
import { publisher } from '../_pipe/wiring.ts';

type Answer = APIGatewayProxyStructuredResultV2;

const MAX_REQUEST_BYTES = 512 * 1024;
const bus = once(publisher);
const management = once(() => ({ sites: edgeStore(), clock: systemClock }));

const bodyOf = (event: APIGatewayProxyEventV2): Buffer =>
  Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');

function read<Schema extends z.ZodType>(event: APIGatewayProxyEventV2, schema: Schema): z.infer<Schema> {
  const text = bodyOf(event);
  const parsed = schema.safeParse(parseJsonStrict(text, { maxBytes: MAX_REQUEST_BYTES, what: 'the request' }));
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new LadingError('request-invalid', lines.join('; '));
}

const publish = (event: APIGatewayProxyEventV2, draft: EventDraft): Promise<void> =>
  bus().publish([publishable(draft, { root: event.requestContext.requestId }, systemClock.now())]);

async function change(event: APIGatewayProxyEventV2, work: Promise<SiteChange>): Promise<Answer> {
  const { site, event: draft } = await work;
  await publish(event, draft);
  return jsonAnswer(200, { site });
}

async function siteOf(event: APIGatewayProxyEventV2): Promise<EdgeSite> {
  const name = event.pathParameters?.['site'] ?? '';
  const site = await edgeStore().find(name);
  if (site === undefined) throw edgeError('site-unknown', `there is no site "${name.slice(0, 63)}"`);
  return site;
}

async function listSites(): Promise<Answer> {
  const store = edgeStore();
  const sites = await Promise.all(
    (await store.all()).map(async (site) => {
      const [desired, report] = await Promise.all([store.current(site.name), store.last(site.name)]);
      return { site, desired, report };
    }),
  );
  return jsonAnswer(200, { sites });
}

async function planOf(event: APIGatewayProxyEventV2): Promise<Answer> {
  const site = await siteOf(event);
  const candidates = await hubCandidates(hubPorts(), hubConfig(), systemClock.now());
  const placement = await planSite({ ...reportPorts() }, site, candidates, hubConfig());
  return jsonAnswer(200, describePlan(site, placement));
}

/** An envelope as it is: what is carried to a site, or from it, by file. */
async function document(key: string | undefined, what: string): Promise<Answer> {
  const envelope = key === undefined ? undefined : await loadDocument(reportPorts().documents, key);
  if (envelope === undefined) throw edgeError('site-unknown', `there is no ${what} yet`);
  const headers = { 'content-type': 'application/vnd.dsse.envelope.v1+json', 'cache-control': 'no-store' };
  return { statusCode: 200, headers, body: Buffer.from(envelope).toString('utf8') };
}

async function takeReport(event: APIGatewayProxyEventV2): Promise<Answer> {
  const outcome = await acceptReport(reportPorts(), await siteOf(event), bodyOf(event));
  if (outcome.kind === 'refused') throw new LadingError('report-refused', `${outcome.reason}: ${outcome.detail}`);
  await publish(event, outcome.event);
  return jsonAnswer(200, outcome.record);
}

async function askForPlans(event: APIGatewayProxyEventV2): Promise<Answer> {
  const sites = (await edgeStore().all()).filter(({ revokedAt }) => revokedAt === undefined).length;
  await publish(event, draftEvent(edgePlansDue, { because: 'request', sites }));
  return jsonAnswer(202, { sites });
}

async function answer(event: APIGatewayProxyEventV2): Promise<Answer> {
  const name = event.pathParameters?.['site'] ?? '';
  switch (event.routeKey) {
    case 'GET /api/edge/sites':
      return listSites();
    case 'POST /api/edge/sites':
      return change(event, registerSite(management(), read(event, registrationSchema)));
    case 'POST /api/edge/sites/{site}/revise':
      return change(event, reviseSite(management(), name, read(event, revisionSchema)));
    case 'POST /api/edge/sites/{site}/revoke':
      return change(event, revokeSite(management(), name));
    case 'GET /api/edge/sites/{site}/plan':
      return planOf(event);
    case 'GET /api/edge/sites/{site}/desired':
      return document((await edgeStore().current((await siteOf(event)).name))?.key, 'desired state');
    case 'GET /api/edge/sites/{site}/report':
      return document((await edgeStore().last((await siteOf(event)).name))?.key, 'report');
    case 'POST /api/edge/sites/{site}/reports':
      return takeReport(event);
    case 'POST /api/edge/plans':
      return askForPlans(event);
    default:
      return jsonAnswer(404, { title: 'not-found', detail: `there is no ${event.routeKey}` });
  }
}

export const handler = middy<APIGatewayProxyEventV2, Answer>().handler(async (event) => {
  try {
    return await answer(event);
  } catch (error) {
    if (!isLadingError(error) || error.retryable) throw error;
    const { code: title, message: detail, hint } = error;
    return jsonAnswer(title === 'site-unknown' ? 404 : 422, { title, detail, ...(hint ? { hint } : {}) });
  }
});
