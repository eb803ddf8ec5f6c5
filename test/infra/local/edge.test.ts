import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readEdgeConfig, startEdge } from '../../../infra/local/edge.ts';
import { pushImage, startRegistry } from './registry/support.ts';

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'lading-edge-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function configOf(content: object): Promise<string> {
  const file = join(await folder(), 'edge.json');
  await writeFile(file, JSON.stringify(content));
  return file;
}

const entry = { kind: 'distribution', host: 'central.example', allowInsecure: true, allowPrivate: true };
const mirrors = [{ prefix: 'ROOT', upstream: 'central.example', where: 'edge' }];

/** Lading's API, as far as an edge asks it. */
async function startApi(answer: (ref: string) => { status: number; body: object }): Promise<string> {
  const server = createServer((request, response) => {
    const ref = new URL(request.url ?? '/', 'http://api').searchParams.get('ref') ?? '';
    const { status, body } = answer(ref);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('an edge', () => {
  it('hands out what the gate of its Lading allows, by the name at the upstream', async () => {
    const upstream = await startRegistry();
    const good = await pushImage(upstream.client, 'team/app', 'good');
    await pushImage(upstream.client, 'team/app', 'bad');
    const unknown = await pushImage(upstream.client, 'team/app', 'unknown');
    const asked: string[] = [];
    const api = await startApi((ref) => {
      asked.push(ref);
      if (ref.endsWith(unknown.digest)) {
        return { status: 404, body: { title: 'image-unknown', status: 404, detail: 'no such image' } };
      }
      const decision = ref.endsWith(good.digest) ? 'allow' : 'deny';
      return { status: 200, body: { image: { verdict: { decision, reasons: ['for a reason'] } } } };
    });
    const problems: string[] = [];
    const config = await readEdgeConfig(
      await configOf({ port: 0, registries: [{ ...entry, url: upstream.registry.url }], mirrors, api }),
    );
    const edge = await startEdge(config, { dataDir: await folder(), onProblem: (what) => void problems.push(what) });
    onTestFinished(() => edge.close());
    const statusOf = async (path: string) => (await fetch(`${edge.url}/v2/team/app/${path}`)).status;
    expect(await statusOf('manifests/good')).toBe(200);
    expect(await statusOf(`blobs/${good.blobs[1]}`)).toBe(200);
    expect(await statusOf('manifests/bad')).toBe(403);
    expect(await statusOf('manifests/unknown')).toBe(429);
    expect(asked).toContain(`central.example/team/app@${good.digest}`);
    expect(problems).toEqual([]);
  });

  it('lets nothing out while the API does not answer, and says so', async () => {
    const upstream = await startRegistry();
    await pushImage(upstream.client, 'app', 'v1');
    const problems: string[] = [];
    const api = await startApi(() => ({ status: 500, body: {} }));
    const config = await readEdgeConfig(
      await configOf({ port: 0, registries: [{ ...entry, url: upstream.registry.url }], mirrors, api }),
    );
    const edge = await startEdge(config, { dataDir: await folder(), onProblem: (what) => void problems.push(what) });
    onTestFinished(() => edge.close());
    expect((await fetch(`${edge.url}/v2/app/manifests/v1`)).status).toBe(429);
    expect(problems).toHaveLength(1);
  });

  it.each([
    ['no mirror', { registries: [entry], mirrors: [] }],
    ['an upstream that is no registry of it', { registries: [], mirrors, api: 'https://api.example' }],
    ['nobody to ask', { registries: [entry], mirrors }],
  ])('is refused with %s', async (_, content) => {
    await expect(readEdgeConfig(await configOf(content))).rejects.toMatchObject({ code: 'configuration-invalid' });
  });
});
