import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lading, temporaryFolder } from './support.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const place = { registry: 'near.example', repository: 'copy/app', digest };
const candidates = [
  { at: place, standing: 'replica', verdict: 'chosen', reason: 'number 1 near ohio', medianMs: 12 },
  {
    at: { ...place, registry: 'home.example' },
    standing: 'source',
    verdict: 'down',
    reason: 'taken for down\u001b[2J',
  },
];
const answers: Readonly<Record<string, unknown>> = {
  '/api/registries': {
    registries: [
      {
        registry: 'home.example',
        state: 'up',
        successRate: 0.975,
        medianMs: 31,
        probes: 40,
        lastProbe: '2026-05-01T00:00:00Z',
      },
      {
        registry: 'far.example',
        state: 'down',
        successRate: 0,
        probes: 3,
        lastFailure: { at: '2026-05-01T00:00:00Z', detail: 'it does not answer' },
      },
    ],
    locations: [],
    routes: [{ host: 'home.example', mirrors: [{ host: 'near.example', prefix: 'copy/', insecure: false }] }],
  },
  'home.example/app:1': { kind: 'resolved', digest, place, candidates, tagFrom: 'recorded' },
  'home.example/app:none': { kind: 'tag-unknown', detail: 'home.example/app has no tag none' },
  'home.example/app:lost': { kind: 'nowhere', digest, candidates: candidates.slice(1) },
};

let server: Server;
let api: string;
beforeAll(async () => {
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://x');
    response.end(JSON.stringify(answers[url.searchParams.get('ref') ?? url.pathname]));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const run = (...args: string[]) => lading([...args, '--api', api], temporaryFolder());

describe('lading resolve', () => {
  it('prints the name alone where it is near, and says why beside it', async () => {
    const { code, out, err } = await run('resolve', 'home.example/app:1', '--near', 'ohio');
    expect({ code, out }).toEqual({ code: 0, out: `near.example/copy/app@${digest}\n` });
    expect(err).toContain('the source does not answer: this is what the tag was last seen to name');
    expect(err).toContain('chosen      near.example/copy/app (replica, 12 ms): number 1 near ohio');
    expect(err).not.toContain('\u001b[2J');
  });

  it('says no where there is nothing to pull', async () => {
    const none = await run('resolve', 'home.example/app:none');
    expect({ code: none.code, out: none.out }).toEqual({ code: 1, out: '' });
    expect(none.err).toContain('home.example/app has no tag none');
    const lost = await run('resolve', 'home.example/app:lost');
    expect(lost.code).toBe(1);
    expect(lost.err).toContain(`no registry has ${digest} for now`);
    expect((await run('resolve', 'home.example/app:lost', '-o', 'json')).code).toBe(1);
  });
});

describe('lading registries', () => {
  it('tells how they are', async () => {
    const { out } = await run('registries');
    expect(out).toMatch(/home\.example\s+up\s+97\.5 % of 40\s+31\s+2026-05-01T00:00:00Z\s+-/);
    expect(out).toMatch(/far\.example\s+down\s+0\.0 % of 3\s+-\s+-\s+2026-05-01T00:00:00Z it does not answer/);
    expect(JSON.parse((await run('registries', 'status', '-o', 'json')).out).registries).toHaveLength(2);
  });

  it('prints the configuration of a container runtime, or writes it', async () => {
    const { out } = await run('registries', 'client-config', 'podman');
    expect(out).toContain('# registries.conf.d/50-lading.conf\n[[registry]]\nprefix = "home.example"');
    const folder = temporaryFolder();
    await run('registries', 'client-config', 'containerd', '--write', folder);
    const text = readFileSync(join(folder, 'certs.d/home.example/hosts.toml'), 'utf8');
    expect(text).toContain('[host."https://near.example/v2/copy"]');
    const docker = await run('registries', 'client-config', 'docker');
    expect(docker.err).toContain('Docker takes mirrors of Docker Hub only');
  });
});
