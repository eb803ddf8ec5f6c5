import type { Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import { LadingError } from '../core/errors.ts';
import { locationKey, parseImageReference } from '../core/image-reference.ts';
import { parseJsonStrict } from '../core/json.ts';
import { draftEvent, type EventDraft, gateInputsChanged, publishable } from '../events/index.ts';
import { readVex } from '../formats/vex/index.ts';
import { addWaiver, removeWaiver, type Waiver, waiverRequestSchema } from '../policy/index.ts';
import { addReport, readReport } from '../scanners/index.ts';
import { addVexDocument } from '../vex/index.ts';
import { imageOf } from './find.ts';
import type { ConsolePorts } from './ports.ts';
import { plansOf, vulnerabilityOf } from './remediation-views.ts';
import { consensusOf, type SecurityDesk } from './security-desk.ts';
import { removeWaiverRequest } from './security-schemas.ts';

/** A request to a function may have 6 MB (Lambda quotas), some of which is the envelope's. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

export const limited = bodyLimit({
  maxSize: MAX_BODY_BYTES,
  onError: () => {
    throw new LadingError('request-too-large', `the body is over ${MAX_BODY_BYTES} bytes`);
  },
});

/** Waivers, VEX, and what other scanners say. */
export function addSecurityApi(app: Hono, ports: ConsolePorts): void {
  const { security: desk } = ports;
  app.get('/api/waivers', async (context) => {
    const now = desk.clock.now();
    const waivers = (await desk.waivers.list()).map((waiver) => ({ ...waiver, state: stateOf(waiver, now) }));
    return context.json({ waivers: waivers.sort((a, b) => (a.until < b.until ? -1 : 1)) });
  });
  app.post('/api/waivers', limited, async (context) => {
    const request = read(await bodyOf(context), waiverRequestSchema);
    return context.json({ waiver: await addWaiver(desk, request, callerOf(context)) });
  });
  app.post('/api/waivers/remove', limited, async (context) => {
    const { id, by } = read(await bodyOf(context), removeWaiverRequest);
    return context.json({ waiver: await removeWaiver(desk, id, by) });
  });
  app.get('/api/votes', async (context) => {
    const image = await imageOf(ports, context.req.query('ref'));
    const { votes, agreements } = await consensusOf(desk, image);
    return context.json({
      image: locationKey(image.entry),
      voters: votes.map(({ voter, receivedAt, report: { scanner, database, scannedAt, findings } }) => ({
        ...{ voter, label: scanner.label, version: scanner.version, database, scannedAt, receivedAt },
        findings: findings.length,
      })),
      agreements: agreements.map(({ found, ...rest }) => ({
        ...rest,
        found: [...found].map(([voter, { severity, fixedVersions }]) => ({ voter, severity, fixedVersions })),
      })),
    });
  });
  app.get('/api/remediation', async (context) =>
    context.json({ plans: await plansOf(ports, context.req.query('ref')) }),
  );
  app.get('/api/vulnerability', async (context) => {
    const id = context.req.query('id') ?? '';
    if (!/^[A-Za-z0-9][\w:.-]{2,99}$/.test(id)) throw new LadingError('request-invalid', 'the query needs ?id=CVE-…');
    return context.json(await vulnerabilityOf(ports, id));
  });
  app.post('/api/reports', limited, async (context) => {
    const { entry, tags } = await imageOf(ports, context.req.query('ref'));
    const report = readReport(await bodyOf(context));
    const { registry, repository, digest, mediaType } = entry;
    const added = await addReport(desk, { registry, repository, digest, mediaType, tags: [...tags] }, report, 'file');
    await publish(desk, added.drafts);
    return context.json({ voter: added.vote.voter, findings: report.findings.length, outcome: added.outcome });
  });
  app.post('/api/vex', limited, async (context) => {
    const { registry, repository } = parseImageReference(context.req.query('repository') ?? '');
    const document = readVex(await bodyOf(context));
    const how = { via: 'file' as const, trustedBy: callerOf(context) ?? 'the local stack' };
    const { record, outcome } = await addVexDocument(desk, { registry, repository }, document, how);
    const drafts = outcome === 'stored' ? await newsOf(desk, { registry, repository }, document.id) : [];
    await publish(desk, drafts);
    const { author, statements, skipped } = { ...record, author: record.origin.author };
    return context.json({
      document: document.id,
      author,
      statements: statements.length,
      skipped,
      outcome,
      images: drafts.length,
    });
  });
}

function stateOf({ removed, until }: Waiver, now: Date): 'in-force' | 'ended' | 'removed' {
  if (removed) return 'removed';
  return new Date(until) > now ? 'in-force' : 'ended';
}

/** The images of the repository that were scanned: the gate looks at each again. */
async function newsOf(
  desk: SecurityDesk,
  at: { readonly registry: string; readonly repository: string },
  document: string,
): Promise<readonly EventDraft[]> {
  const drafts: EventDraft[] = [];
  for await (const { subject } of desk.scans.all()) {
    if (subject.registry !== at.registry || subject.repository !== at.repository) continue;
    drafts.push(draftEvent(gateInputsChanged, { subject, cause: 'vex', detail: `VEX ${document.slice(0, 200)}` }));
  }
  return drafts;
}

export async function publish({ publisher, clock }: SecurityDesk, drafts: readonly EventDraft[]): Promise<void> {
  if (drafts.length === 0) return;
  const now = clock.now();
  await publisher.publish(drafts.map((draft) => publishable(draft, { root: `api ${now.toISOString()}` }, now)));
}

/**
 * What is written must come from a program or from our own pages. A page of somebody else can make a browser send a
 * request to the local stack, but not one with this content type, unless it is asked first (Fetch standard, "CORS").
 */
export async function bodyOf(context: Context): Promise<string> {
  const site = context.req.header('sec-fetch-site');
  const type = context.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  if ((site !== undefined && site !== 'same-origin' && site !== 'none') || type !== 'application/json') {
    throw new LadingError(
      'request-invalid',
      'the request must be of the type application/json, and not of another site',
    );
  }
  return context.req.text();
}

export function read<Schema extends z.ZodType>(text: string, schema: Schema): z.infer<Schema> {
  const parsed = schema.safeParse(parseJsonStrict(text, { maxBytes: MAX_BODY_BYTES, what: 'the request' }));
  if (parsed.success) return parsed.data;
  throw new LadingError('request-invalid', z.prettifyError(parsed.error));
}

/** API Gateway's IAM authorizer says who signed the request (HTTP API, payload format 2.0). */
const envSchema = z.object({
  event: z.object({
    requestContext: z.object({ authorizer: z.object({ iam: z.object({ userArn: z.string().min(1).max(500) }) }) }),
  }),
});
export const callerOf = (context: Context): string | undefined =>
  envSchema.safeParse(context.env).data?.event.requestContext.authorizer.iam.userArn;
