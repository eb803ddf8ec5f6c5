import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { getRequestListener } from '@hono/node-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSecretsManagerService } from '../../../infra/local/services/secrets-manager/index.ts';
import type { StackFile } from '../../../lib/cli/connection.ts';
import { createConsole } from '../../../lib/console/index.ts';
import { manualClock } from '../../../lib/core/clock.ts';
import { memoryDeliveries } from '../../../lib/intake/adapters/memory-deliveries.ts';
import { intakeConfigSchema, receiveWebhook, type WebhookPorts } from '../../../lib/intake/index.ts';
import { memoryPublisher } from '../../support/memory-publisher.ts';
import { type ServiceServer, startServiceServer } from '../../support/service-server.ts';
import { memoryConsole, REGISTRY } from '../console/support.ts';
import { putVariedImages } from '../console/varied-images.ts';
import { lading, temporaryFolder, writeStackFile } from './support.ts';

const secrets = { harbor: 'the secret of harbor', github: 'the secret of github', builds: 'the secret of builds' };
const { sources } = intakeConfigSchema.parse({
  sources: [
    { name: 'harbor', kind: 'harbor', registry: REGISTRY },
    { name: 'github', kind: 'ghcr', registry: REGISTRY },
    { name: 'empty', kind: 'harbor', registry: 'empty.example' },
  ],
});

const publisher = memoryPublisher();
const clock = manualClock('2036-01-01T00:00:00.000Z');
const ports: WebhookPorts = {
  sourceOf: (name) => sources.find((source) => source.name === name),
  secretsOf: async (name) => (Object.hasOwn(secrets, name) ? [secrets[name as keyof typeof secrets]] : []),
  isConfigured: (registry) => registry === REGISTRY,
  resolveTag: async () => undefined,
  signingKeys: { find: async () => undefined },
  deliveries: memoryDeliveries(clock),
  ...{ publisher, clock },
};

let server: Server;
let facade: ServiceServer;
let stack: Partial<StackFile>;
const folder = mkdtempSync(join(tmpdir(), 'lading-webhook-'));

/** The intake as its function answers, without the Lambda around it. */
async function answerWebhook(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '', 'http://localhost');
  const result = await receiveWebhook(ports, {
    ...{ source: url.pathname.slice('/webhooks/'.length), method: 'POST', query: new Map(url.searchParams) },
    headers: new Map(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
    body: await buffer(request),
  });
  if (result.kind !== 'accepted') return void response.writeHead(401).end('{"title":"unauthorized"}');
  response.writeHead(202).end(JSON.stringify({ accepted: result.events }));
}

beforeAll(async () => {
  const console = memoryConsole();
  await putVariedImages(console);
  const pages = getRequestListener(createConsole(console.ports).fetch);
  server = createServer((request, response) =>
    request.url?.startsWith('/webhooks/') ? answerWebhook(request, response) : pages(request, response),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const service = await openSecretsManagerService({ directory: folder, accountId: '000000000000' });
  const { arn } = await service.createSecret({
    ...{ region: 'eu-central-1', name: 'webhooks', secretString: JSON.stringify(secrets) },
  });
  facade = await startServiceServer({ services: [service] });
  stack = {
    api: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    endpoint: facade.endpoint,
    registries: [{ host: REGISTRY, region: 'eu-central-1', url: 'http://127.0.0.1:5999', role: 'source' }],
    webhooksSecret: arn,
    webhookSources: sources,
  };
});
afterAll(async () => {
  await facade.stop();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

async function run(args: readonly string[], changed: Partial<StackFile> = {}) {
  const folder = temporaryFolder();
  const before = publisher.events.length;
  const data = writeStackFile(folder, { ...stack, ...changed });
  const result = await lading(['webhook', 'test', ...args, '--data', data], folder);
  return { ...result, published: publisher.events.slice(before) };
}

describe('webhook test', () => {
  it.each([
    ['harbor', 'harbor'],
    ['github', 'ghcr'],
    ['builds', 'generic'],
  ])('sends for the source %s what its kind (%s) would, with the secret of the local stack', async (source, kind) => {
    const { code, out, published } = await run([source, '--image', 'localhost:5999/demo/node:v1']);
    expect({ code, out }).toEqual({
      code: 0,
      out: `${kind} push of ${REGISTRY}/demo/node:v1: taken in\n202 {"accepted":1}\n`,
    });
    const subject = { registry: REGISTRY, repository: 'demo/node', tags: ['v1'] };
    expect(published).toMatchObject([{ detailType: 'Image Pushed', detail: { data: { subject } } }]);
  });

  it('takes the newest image with a tag, where none is named', async () => {
    const { out, published } = await run(['harbor', '-o', 'json']);
    expect(JSON.parse(out)).toMatchObject({ source: 'harbor', kind: 'harbor', status: 202, body: '{"accepted":1}' });
    expect(published).toHaveLength(1);
  });

  it.each([
    [['harbor', '--secret', 'a guess of mine']],
    [['builds', '--kind', 'harbor']],
    [['unknown', '--secret', 'a guess of mine']],
  ])('says no where the intake does: %j', async (args) => {
    const { code, out, err, published } = await run(args);
    expect(code).toBe(1);
    expect(out).toContain('not taken in\n401 ');
    expect(err).toContain('has another secret for it');
    expect(published).toEqual([]);
  });

  it.each<[string, string[], Partial<StackFile>, string]>([
    ['without a secret', ['nobody'], {}, 'has none for the source "nobody"'],
    ['of a stack that does not say where its secrets are', ['harbor'], { webhooksSecret: undefined }, '--secret'],
    ['without an image', ['empty', '--secret', 'x'], {}, 'no image with a tag in empty.example'],
    ['that only Google can sign', ['harbor', '--kind', 'google'], {}, 'gcloud pubsub topics publish'],
    ['of a kind that nobody is', ['harbor', '--kind', 'ecr'], {}, 'Allowed choices'],
  ])('cannot be done %s', async (_what, args, changed, hint) => {
    const { code, err, published } = await run(args, changed);
    expect(code).toBe(2);
    expect(err).toContain(hint);
    expect(published).toEqual([]);
  });
});
