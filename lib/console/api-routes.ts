import type { Hono } from 'hono';
import { z } from 'zod';
import { LadingError } from '../core/errors.ts';
import { reportStorage } from '../cost/index.ts';
import { listImages } from '../overview/index.ts';
import { imageOf, numberOf } from './find.ts';
import type { ConsolePorts } from './ports.ts';
import { storageReportQuery } from './schemas.ts';

const PAGE = 50;
const MOST_IMAGES = 200;
const MOST_EVENTS = 500;

export function addApi(app: Hono, ports: ConsolePorts): void {
  app.get('/api/images', async (context) => {
    const limit = numberOf(context.req.query('limit'), 1, MOST_IMAGES, PAGE);
    return context.json({ images: await listImages(ports, { limit, replicated: ports.replicated }) });
  });
  app.get('/api/image', async (context) => {
    const image = await imageOf(ports, context.req.query('ref'));
    return context.json({ image, findings: image.scan ? await ports.reports.findings(image.scan.key) : undefined });
  });
  app.get('/api/events', async (context) => {
    const after = numberOf(context.req.query('after'), 0, Number.MAX_SAFE_INTEGER, 0);
    const limit = numberOf(context.req.query('limit'), 1, MOST_EVENTS, PAGE);
    return context.json({ events: await ports.activity.after(after, limit), head: await ports.activity.head() });
  });
  app.get('/api/advisories', async (context) => context.json(await ports.advisories.status()));
  app.get('/api/key', async (context) =>
    context.body(await ports.keys.publicKey(), 200, { 'content-type': 'application/x-pem-file; charset=utf-8' }),
  );
  app.get('/api/cost/storage', async (context) => {
    const asked = storageReportQuery.safeParse(context.req.query());
    if (!asked.success) throw new LadingError('request-invalid', z.prettifyError(asked.error));
    const { from, until, by, label } = asked.data;
    const owner = by === 'label' ? { label: label ?? '' } : by;
    return context.json(
      await reportStorage(
        ports.catalog,
        { from: Date.parse(from), until: Date.parse(until) },
        owner,
        ports.accounts.storage,
      ),
    );
  });
  app.get('/api/health', (context) => context.json({ ok: true }));
}
