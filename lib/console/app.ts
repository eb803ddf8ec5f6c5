import { Hono } from 'hono';
import { html } from 'hono/html';
import { z } from 'zod';
import { LadingError } from '../core/errors.ts';
import { locationKey, parseLocationKey } from '../core/image-reference.ts';
import { parseJsonStrict } from '../core/json.ts';
import { type CatalogEntry, tagsOf } from '../inventory/index.ts';
import { retentionConfigSchema } from '../lifecycle/index.ts';
import { describeImage, findImage, type ImageOverview, listImages } from '../overview/index.ts';
import { liveScript } from './assets/live.ts';
import { styleSheet } from './assets/style.ts';
import { imagePage } from './pages/image-page.ts';
import { imageRow, rowId } from './pages/image-row.ts';
import { activityLine, imagesPage } from './pages/images-page.ts';
import { layout } from './pages/layout.ts';
import type { Activity, ConsolePorts } from './ports.ts';

const PAGE = 50;
/** How soon the browser asks again when an answer of `/live` has ended, in milliseconds. */
const RETRY_MS = 1_000;

const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
} as const;

/** The API and the pages: one app, the same behind API Gateway and on a local port. */
export function createConsole(ports: ConsolePorts): Hono {
  const app = new Hono();
  app.use(async (context, next) => {
    await next();
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) context.header(name, value);
  });
  app.onError((error, context) => {
    const known = error instanceof LadingError;
    const status = !known ? 500 : error.code.endsWith('-unknown') ? 404 : 400;
    // What an unexpected error says may hold what the caller must not see; the log has it.
    const problem = known
      ? { type: 'about:blank', title: error.code, status, detail: error.message, hint: error.hint }
      : { type: 'about:blank', title: 'internal-error', status, detail: 'the request failed; the log says why' };
    if (!known) console.error(error);
    if (context.req.path.startsWith('/api/'))
      return context.json(problem, status, { 'content-type': 'application/problem+json' });
    return context.html(
      layout('Problem · Lading', html`<section><h2>${problem.title}</h2><p>${problem.detail}</p></section>`),
      status,
    );
  });
  addAssets(app);
  addPages(app, ports);
  addApi(app, ports);
  return app;
}

const asText = (type: string) => ({ 'content-type': `${type}; charset=utf-8` });

function addAssets(app: Hono): void {
  app.get('/assets/style.css', (context) => context.body(styleSheet, 200, asText('text/css')));
  app.get('/assets/live.js', (context) => context.body(liveScript, 200, asText('text/javascript')));
}

async function overviewOf(ports: ConsolePorts, entry: CatalogEntry): Promise<ImageOverview> {
  return describeImage(ports, entry, await tagsOf(ports.catalog, entry), ports.replicated(entry));
}

const imageOf = async (ports: ConsolePorts, ref: string | undefined): Promise<ImageOverview> => {
  if (!ref) throw new LadingError('reference-missing', 'the query needs ?ref=registry/repository:tag or …@digest');
  return overviewOf(ports, await findImage(ports.catalog, ref));
};

function addPages(app: Hono, ports: ConsolePorts): void {
  app.get('/', async (context) => {
    const head = await ports.activity.head();
    const [images, activity] = await Promise.all([
      listImages(ports, { limit: PAGE, replicated: ports.replicated }),
      ports.activity.after(Math.max(0, head - PAGE), PAGE),
    ]);
    return context.html(imagesPage(images, activity, head));
  });
  app.get('/image', async (context) => {
    const image = await imageOf(ports, context.req.query('ref'));
    return context.html(imagePage(image, image.scan && (await ports.reports.findings(image.scan.key))));
  });
  app.get('/live', async (context) => {
    const after = Number(context.req.header('last-event-id') ?? context.req.query('after') ?? 0);
    const news = await ports.activity.after(Number.isSafeInteger(after) ? after : 0, PAGE);
    return context.body(await liveAnswer(ports, news), 200, asText('text/event-stream'));
  });
}

async function liveAnswer(ports: ConsolePorts, news: readonly Activity[]): Promise<string> {
  const lines = [`retry: ${RETRY_MS}\n\n`];
  const send = (event: string, id: number, data: unknown): void => {
    lines.push(`event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`);
  };
  const last = news.at(-1);
  if (!last) return lines.join('');
  send('activity', last.seq, { html: String(html`${news.map(activityLine)}`) });
  for (const subject of new Set(news.map((one) => one.subject))) {
    const entry = subject && (await ports.catalog.find(parseLocationKey(subject)));
    if (!entry || entry.referrerOf !== undefined || entry.replicaOf !== undefined) continue;
    const image = await overviewOf(ports, entry);
    send('image', last.seq, { id: rowId(image), html: String(await imageRow(image)) });
  }
  return lines.join('');
}

const previewRequest = z.strictObject({
  config: retentionConfigSchema.optional(),
  repository: z.string().optional(),
});

function addApi(app: Hono, ports: ConsolePorts): void {
  app.get('/api/images', async (context) => {
    const limit = Math.min(200, Math.max(1, Number(context.req.query('limit') ?? PAGE) || PAGE));
    return context.json({ images: await listImages(ports, { limit, replicated: ports.replicated }) });
  });
  app.get('/api/image', async (context) => {
    const image = await imageOf(ports, context.req.query('ref'));
    return context.json({ image, findings: image.scan ? await ports.reports.findings(image.scan.key) : undefined });
  });
  app.get('/api/sbom', async (context) => {
    const { sbom, entry } = await imageOf(ports, context.req.query('ref'));
    const document = sbom && (await ports.reports.sbom(sbom.sbom.key));
    if (!document) throw new LadingError('sbom-unknown', `${locationKey(entry)} has no SBOM yet`);
    return context.body(Buffer.from(document).toString('utf8'), 200, {
      'content-type': 'application/vnd.cyclonedx+json',
    });
  });
  app.get('/api/events', async (context) => {
    const after = Number(context.req.query('after') ?? 0) || 0;
    const limit = Math.min(500, Number(context.req.query('limit') ?? PAGE) || PAGE);
    return context.json({ events: await ports.activity.after(after, limit), head: await ports.activity.head() });
  });
  app.get('/api/advisories', async (context) => context.json(await ports.advisories.status()));
  app.get('/api/key', async (context) =>
    context.body(await ports.keys.publicKey(), 200, asText('application/x-pem-file')),
  );
  app.post('/api/retention/preview', async (context) => {
    const asked = previewRequest.safeParse(parseJsonStrict(await context.req.text(), { maxBytes: 256 * 1024 }));
    if (!asked.success) throw new LadingError('request-invalid', z.prettifyError(asked.error));
    const { config, repository } = asked.data;
    const plans = await ports.plans.preview(config);
    return context.json({ plans: repository ? plans.filter((plan) => plan.repository === repository) : plans });
  });
  app.get('/api/health', (context) => context.json({ ok: true }));
}
