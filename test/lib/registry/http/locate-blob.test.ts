import type { ECRClient } from '@aws-sdk/client-ecr';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../../lib/core/digest.ts';
import { callService } from '../../../../lib/registry/adapters/credentials/call-service.ts';
import { openEcrRegistry } from '../../../../lib/registry/adapters/ecr.ts';
import { type EcrEntry, registriesConfigSchema } from '../../../../lib/registry/model.ts';
import { codeOf } from '../../../contract/registry.contract.ts';
import { clientOf, type Handler, scriptedServer } from './scripted-server.ts';

const HOST = '000000000000.dkr.ecr.eu-central-1.amazonaws.com';
const digest = digestOf('layer');
const at = { repository: 'team/app', digest };
const layer: Handler = (request, response) =>
  response.writeHead(request.path.endsWith(digest) ? 200 : 404, { 'content-length': '5' }).end();
const password = async () => ({ kind: 'basic' as const, username: 'robot', password: 'secret' });

describe('where another program can fetch a blob', () => {
  it('is its address, and the token that would be sent for it', async () => {
    await using server = await scriptedServer((request, response) => {
      if (request.path.startsWith('/token')) return response.end(JSON.stringify({ token: 'short', expires_in: 300 }));
      if (request.authorization === 'Bearer short') return response.writeHead(200, { 'content-length': '5' }).end();
      return response.writeHead(401, { 'www-authenticate': 'Bearer realm="/token",service="reg"' }).end();
    });
    const registry = clientOf(server, { credentials: password });
    const { url, headers } = (await registry.locateBlob?.(at)) ?? {};
    expect([url?.href, headers]).toEqual([
      `${server.url.origin}/v2/team/app/blobs/${digest}`,
      { authorization: 'Bearer short' },
    ]);
    // For reading this repository, and no other.
    expect(server.requests.map(({ path }) => path)).toContain(
      `/token?service=reg&scope=${encodeURIComponent('repository:team/app:pull')}`,
    );
    registry.close();
  });

  it('needs no header where anybody may read it', async () => {
    await using server = await scriptedServer(layer);
    const registry = clientOf(server);
    expect((await registry.locateBlob?.(at))?.headers).toEqual({});
    const gone = digestOf('other');
    expect(await codeOf(Promise.resolve(registry.locateBlob?.({ ...at, digest: gone })))).toBe('blob-unknown');
    registry.close();
  });

  it('is told to nobody where it takes a password', async () => {
    await using server = await scriptedServer((request, response, raw) =>
      request.authorization?.startsWith('Basic')
        ? layer(request, response, raw)
        : response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end(),
    );
    const registry = clientOf(server, { credentials: password });
    const error = await registry.locateBlob?.(at).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'credentials-not-shared' });
    expect(String(error)).not.toContain('secret');
    registry.close();
  });
});

describe('where another program can fetch a layer of ECR', () => {
  it('is an address that ECR has signed for it, and no token, which would open every repository', async () => {
    const asked: unknown[] = [];
    const send = async ({ constructor: { name }, input }: { constructor: { name: string }; input: unknown }) => {
      asked.push([name, input]);
      if (name === 'GetDownloadUrlForLayerCommand') return { downloadUrl: 'https://bucket.example/layer?signed' };
      const token = { authorizationToken: 'QVdTOng=', expiresAt: new Date(8e15), proxyEndpoint: 'https://1.example' };
      return { authorizationData: [token] };
    };
    const entry = registriesConfigSchema.parse({
      entries: [{ kind: 'ecr', host: HOST, region: 'eu-central-1', account: '000000000000' }],
    }).entries[0] as EcrEntry;
    const registry = await openEcrRegistry({ entry, client: { send } as unknown as ECRClient });
    const { url, headers } = (await registry.locateBlob?.(at)) ?? {};
    expect([url?.href, headers]).toEqual(['https://bucket.example/layer?signed', {}]);
    const wanted = { registryId: '000000000000', repositoryName: 'team/app', layerDigest: digest };
    expect(asked).toContainEqual(['GetDownloadUrlForLayerCommand', wanted]);
    registry.close();
  });
});

describe('calls of services, with ends of their own', () => {
  const near = { allowInsecure: true, allowPrivate: true };

  it('end where an answer is longer than its reader takes', async () => {
    await using server = await scriptedServer((_, response) =>
      response.end(JSON.stringify({ text: 'x'.repeat(2_000) })),
    );
    const ask = (maxBytes: number) => callService({ method: 'GET', url: server.url }, { ...near, maxBytes });
    expect((await ask(10_000)).status).toBe(200);
    expect(await codeOf(ask(1_000))).toBe('registry-protocol');
  });

  it('end where an answer takes longer than its reader waits', async () => {
    await using server = await scriptedServer(() => undefined);
    const slow = callService({ method: 'GET', url: server.url }, { ...near, timeMs: 20 });
    await expect(slow).rejects.toMatchObject({ retryable: true });
  });
});
