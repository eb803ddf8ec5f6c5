import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { openSecretsManagerService } from '../../../infra/local/services/secrets-manager/index.ts';
import { type ServiceServer, startServiceServer } from '../../support/service-server.ts';
import { type Handler, type ScriptedServer, scriptedServer } from '../registry/http/scripted-server.ts';
import { lading, temporaryFolder, writeStackFile } from './support.ts';

const SECRET = 'hunter2-and-more';
const MANIFEST = '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}';
const stateFolder = mkdtempSync(join(tmpdir(), 'lading-check-'));
let facade: ServiceServer;

beforeAll(async () => {
  const service = await openSecretsManagerService({ directory: stateFolder, accountId: '000000000000' });
  const secretString = JSON.stringify({ username: 'robot', password: SECRET, expiresAt: '2031-05-01T10:00:00.000Z' });
  await service.createSecret({ region: 'eu-central-1', name: 'lading/robot', secretString });
  facade = await startServiceServer({ services: [service] });
});
afterAll(async () => {
  await facade.stop();
  rmSync(stateFolder, { recursive: true });
});

const jwt = (access: unknown): string =>
  ['{"alg":"none"}', JSON.stringify({ access }), 'signature']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');

/** A registry with one repository, whose tokens say what they open; `actions` is what the robot may do. */
const registry =
  (actions: readonly string[], options: { readonly opaque?: boolean; readonly catalogue?: boolean } = {}): Handler =>
  ({ path, authorization, method }, response) => {
    const url = new URL(path, 'http://x');
    if (!['GET', 'HEAD'].includes(method)) return void response.writeHead(500).end('nothing may be written');
    if (url.pathname === '/token') {
      const expected = `Basic ${Buffer.from(`robot:${SECRET}`).toString('base64')}`;
      if (authorization !== expected) {
        const reason = { errors: [{ code: 'UNAUTHORIZED', message: `no: ${authorization} ${SECRET}` }] };
        return void response.writeHead(401).end(JSON.stringify(reason));
      }
      const access = url.searchParams.getAll('scope').map((scope) => {
        const [type, name, wanted = ''] = scope.split(':');
        return { type, name, actions: wanted.split(',').filter((action) => actions.includes(action)) };
      });
      return void response.end(JSON.stringify({ token: options.opaque ? `opaque-${url.search.length}` : jwt(access) }));
    }
    const challenge = { 'www-authenticate': 'Bearer realm="/token",service="reg"' };
    if (!authorization?.startsWith('Bearer ')) return void response.writeHead(401, challenge).end();
    if (url.pathname === '/v2/') return void response.end('{}');
    if (url.pathname === '/v2/_catalog') {
      return options.catalogue
        ? void response.end('{"repositories":["team/app"]}')
        : void response.writeHead(403).end('{"errors":[{"code":"DENIED"}]}');
    }
    if (!actions.includes('pull')) return void response.writeHead(403).end('{"errors":[{"code":"DENIED"}]}');
    if (url.pathname.endsWith('/tags/list')) return void response.end('{"name":"team/app","tags":["v1"]}');
    const digest = 'sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4';
    const headers = { 'docker-content-digest': digest, 'content-length': String(MANIFEST.length) };
    response.writeHead(200, { ...headers, 'content-type': 'application/vnd.oci.image.index.v1+json' }).end();
  };

async function check(
  servers: Readonly<Record<string, { server: ScriptedServer; more?: object }>>,
  args: readonly string[] = [],
) {
  const folder = temporaryFolder();
  const registries = Object.entries(servers).map(([host, { server, more }]) => ({
    ...{ kind: 'distribution', host, url: server.url.href, allowInsecure: true, allowPrivate: true },
    credentials: { kind: 'secret', secret: 'lading/robot' },
    ...more,
  }));
  writeFileSync(join(folder, 'lading.json'), JSON.stringify({ registries }));
  const data = writeStackFile(folder, { endpoint: facade.endpoint });
  return lading(['credentials', 'check', '--config', 'lading.json', '--data', data, ...args], folder);
}

describe('credentials check', () => {
  it('says of each registry what works and when that ends, and writes nothing', async () => {
    await using full = await scriptedServer(registry(['pull', 'push'], { catalogue: true }));
    await using reading = await scriptedServer(registry(['pull'], { catalogue: true }));
    const { code, out } = await check({ 'full.example': { server: full }, 'reading.example': { server: reading } });
    const lines = out.split('\n').map((line) => line.split(/ {2,}/));
    expect(lines.slice(0, 3)).toEqual([
      ['REGISTRY', 'CREDENTIALS', 'PING', 'AUTH', 'LIST', 'PULL', 'PUSH', 'REPOSITORY', 'EXPIRES'],
      ['full.example', 'secret lading/robot', 'yes', 'yes', 'yes', 'yes', 'yes', 'team/app', '2031-05-01 10:00 UTC'],
      ['reading.example', 'secret lading/robot', 'yes', 'yes', 'yes', 'yes', 'no', 'team/app', '2031-05-01 10:00 UTC'],
    ]);
    expect(code).toBe(0);
    for (const { method } of [...full.requests, ...reading.requests]) expect(['GET', 'HEAD']).toContain(method);
  });

  it('says no where a replica cannot be written to, and "?" where a token does not tell', async () => {
    await using reading = await scriptedServer(registry(['pull'], { catalogue: true }));
    const replica = { server: reading, more: { role: 'replica' } };
    expect(await check({ 'replica.example': replica })).toMatchObject({ code: 1 });
    await using opaque = await scriptedServer(registry(['pull'], { opaque: true }));
    const { code, out } = await check({ 'opaque.example': { server: opaque } }, [
      '--repository',
      'team/app',
      '-o',
      'json',
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(out).registries[0]).toMatchObject({
      ...{ registry: 'opaque.example', outcome: 'works', expiresAt: '2031-05-01T10:00:00.000Z' },
      verdicts: { list: { answer: 'yes' }, pull: { answer: 'yes' }, push: { answer: 'untold' } },
    });
  });

  it('asks for reading and for writing, where they have credentials of their own', async () => {
    await using reading = await scriptedServer(registry(['pull'], { catalogue: true }));
    const more = { writeCredentials: { kind: 'anonymous' } };
    const { code, out } = await check({ 'both.example': { server: reading, more } });
    expect(code).toBe(1);
    const rows = out.split('\n').map((line) => line.split(/ {2,}/).slice(0, 7));
    expect(rows.slice(1, 3)).toEqual([
      ['both.example', 'secret lading/robot', 'yes', 'yes', 'yes', 'yes', 'no'],
      ['both.example', 'anonymous', 'yes', 'no', '?', '?', '?'],
    ]);
  });

  it('asks only the registry that is named, and knows no other', async () => {
    await using one = await scriptedServer(registry(['pull'], { catalogue: true }));
    await using two = await scriptedServer(registry([]));
    const both = { 'one.example': { server: one }, 'two.example': { server: two } };
    expect(await check(both, ['--registry', 'ONE.example'])).toMatchObject({ code: 0 });
    expect(two.requests).toEqual([]);
    expect(await check(both, ['--registry', 'three.example'])).toMatchObject({ code: 2 });
  });

  it.each(['table', 'json'])('prints no secret, whatever the registry repeats of it (%s)', async (format) => {
    await using server = await scriptedServer((request, response, raw) => {
      if (!request.path.startsWith('/token')) return registry([])(request, response, raw);
      const echo = `${request.authorization} ${SECRET} ${encodeURIComponent(SECRET)} ${Buffer.from(`robot:${SECRET}`).toString('base64')}`;
      response.writeHead(401).end(JSON.stringify({ errors: [{ code: 'UNAUTHORIZED', message: echo }] }));
    });
    const { code, out, err } = await check({ 'evil.example': { server } }, ['-o', format]);
    expect(code).toBe(1);
    expect(out + err).toContain('UNAUTHORIZED');
    for (const text of [SECRET, Buffer.from(`robot:${SECRET}`).toString('base64')])
      expect(out + err).not.toContain(text);
  });

  it('takes secrets from the environment and from logins, which only people have', async () => {
    await using server = await scriptedServer(registry(['pull', 'push'], { catalogue: true }));
    vi.stubEnv('ROBOT', SECRET);
    onTestFinished(() => void vi.unstubAllEnvs());
    const more = { credentials: { kind: 'stored', from: { variable: 'ROBOT' }, username: 'robot' } };
    const { code, out } = await check({ 'env.example': { server, more } });
    expect(code).toBe(0);
    expect(out).toContain('variable ROBOT');
  });

  it.each<[string, object, string]>([
    [
      'a secret that is not there',
      { credentials: { kind: 'secret', secret: 'lading/none' } },
      'the secret "lading/none" cannot be read',
    ],
    [
      'a variable that is not set',
      { credentials: { kind: 'stored', from: { variable: 'LADING_NONE' }, token: 'github' } },
      'LADING_NONE',
    ],
  ])('could not be done with %s', async (_, more, why) => {
    await using server = await scriptedServer(registry(['pull']));
    const { code, err } = await check({ 'r.example': { server, more } });
    expect(code).toBe(2);
    expect(err).toContain(why);
  });

  it('could not be done where nobody answers, or the configuration is none', async () => {
    const server = await scriptedServer();
    await server[Symbol.asyncDispose]();
    expect(await check({ 'gone.example': { server } })).toMatchObject({ code: 2 });
    const folder = temporaryFolder();
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, 'bad.json'),
      '{"registries":[{"kind":"distribution","host":"a b","credentials":{"kind":"basic","password":"hunter2"}}]}',
    );
    const { code, err } = await lading(['credentials', 'check', '--config', 'bad.json'], folder);
    expect(code).toBe(2);
    expect(err).toContain('entries.0.host');
    expect(err).not.toContain('hunter2');
  });
});
