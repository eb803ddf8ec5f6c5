import { Hono } from 'hono';
import { addApi } from './api-routes.ts';
import { assets } from './assets/index.ts';
import { addDeadlineApi } from './deadline-routes.ts';
import { answerLive } from './live.ts';
import { openApi } from './open-api.ts';
import { addPages } from './page-routes.ts';
import type { ConsolePorts } from './ports.ts';
import { answerNotFound, answerProblem } from './problems.ts';
import { addReplication } from './replication-routes.ts';
import { addRetentionApi } from './retention-routes.ts';
import { addSbomApi } from './sbom-routes.ts';
import { addScannerApi } from './scanner-routes.ts';
import { addSecurityApi } from './security-routes.ts';
import { addStoragePages } from './storage-pages.ts';
import { addStorageApi } from './storage-routes.ts';

const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const;

/** The API and the pages: one app, the same behind API Gateway and on a local port. */
export function createConsole(ports: ConsolePorts): Hono {
  const app = new Hono();
  app.use(async (context, next) => {
    await next();
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) context.header(name, value);
    // What stages recorded changes all the time; only what has its digest in its address may be kept.
    if (!context.res.headers.has('cache-control')) context.header('cache-control', 'no-store');
  });
  app.onError((error, context) => answerProblem(context, error));
  app.notFound((context) => answerNotFound(context));
  for (const { path, type, content } of Object.values(assets)) {
    app.get(path, (context) =>
      context.body(content, 200, { 'content-type': type, 'cache-control': 'public, max-age=31536000, immutable' }),
    );
  }
  addPages(app, ports);
  addStoragePages(app, ports);
  addApi(app, ports);
  addReplication(app, ports);
  addSbomApi(app, ports);
  addSecurityApi(app, ports);
  addScannerApi(app, ports);
  addDeadlineApi(app, ports);
  addStorageApi(app, ports);
  addRetentionApi(app, ports);
  app.get('/live', (context) => answerLive(context, ports));
  app.get('/openapi.json', (context) => context.json(openApi()));
  return app;
}
