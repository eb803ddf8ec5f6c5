import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../../lib/core/clock.ts';
import { digestOf } from '../../../../lib/core/digest.ts';
import { ecrQuotaOf } from '../../../../lib/registry/adapters/ecr/quotas.ts';
import { createPacer } from '../../../../lib/registry/adapters/http/pacer.ts';
import { memoryBudget } from '../../../../lib/registry/adapters/request-budgets.ts';
import type { PullLimit } from '../../../../lib/registry/index.ts';
import { codeOf } from '../../../contract/registry.contract.ts';
import { clientOf, scriptedServer } from './scripted-server.ts';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config: {}, layers: [] }));

/** A registry that limits pulls as Docker Hub does: GETs of manifests count, HEADs do not. */
async function hub(remaining: number) {
  let left = remaining;
  const server = await scriptedServer((request, response) => {
    if (request.method === 'GET' && left-- <= 0) {
      response.writeHead(429).end();
      return;
    }
    response.writeHead(200, {
      'content-type': MANIFEST,
      'content-length': manifest.length,
      'docker-content-digest': digestOf(manifest),
      'ratelimit-limit': '100;w=21600',
      'ratelimit-remaining': `${left};w=21600`,
    });
    response.end(request.method === 'HEAD' ? undefined : manifest);
  });
  const refill = (to: number): void => {
    left = to;
  };
  return Object.assign(server, { refill });
}

describe('a registry that counts pulls', () => {
  it('is not asked for its last ones, and is asked again once there are more', async () => {
    await using server = await hub(4);
    const told: number[] = [];
    const clock = manualClock();
    const onPullLimit = (_host: string, { remaining }: PullLimit): void => void told.push(remaining);
    const registry = clientOf(server, { clock, onPullLimit });
    const pull = () => registry.getManifest({ repository: 'library/alpine', reference: 'latest' });
    await pull();
    await pull();
    expect(registry.pullLimit()).toMatchObject({ limit: 100, remaining: 2, windowSeconds: 21_600 });
    // Two of a hundred are left to others; 216 seconds bring the next one.
    await expect(pull()).rejects.toMatchObject({
      code: 'registry-unavailable',
      retryable: true,
      retryAfterMs: 216_000,
    });
    expect(server.requests.map(({ method }) => method)).toEqual(['GET', 'GET', 'HEAD']);
    server.refill(50);
    await pull();
    expect(server.requests.slice(3).map(({ method }) => method)).toEqual(['HEAD', 'GET']);
    expect(told).toEqual([3, 2, 50, 49]);
    registry.close();
  });

  it('is believed no longer than its window', async () => {
    await using server = await hub(1);
    const clock = manualClock();
    const registry = clientOf(server, { clock });
    const pull = () => registry.getManifest({ repository: 'a', reference: 'latest' });
    await pull();
    expect(await codeOf(pull())).toBe('registry-unavailable');
    clock.advance(21_600_000);
    server.refill(100);
    await pull();
    expect(server.requests.map(({ method }) => method)).toEqual(['GET', 'HEAD', 'GET']);
    registry.close();
  });

  it.each(['', '100', 'many;w=9', '100;w=', '-5;w=10'])('may say "%s" and means nothing by it', async (header) => {
    await using server = await scriptedServer((_, response) =>
      response
        .writeHead(200, { 'content-type': MANIFEST, 'ratelimit-limit': header, 'ratelimit-remaining': header })
        .end(manifest),
    );
    const registry = clientOf(server);
    await registry.getManifest({ repository: 'a', reference: 'x' });
    expect(registry.pullLimit()).toBeUndefined();
    registry.close();
  });
});

describe('a quota of ECR', () => {
  it('is known for each action that the distribution API stands for', () => {
    const of = (method: string, path: string) => ecrQuotaOf({ method, path })?.action;
    expect(of('PUT', '/v2/a/b/manifests/v1')).toBe('PutImage');
    expect(of('GET', '/v2/a/manifests/v1')).toBe('BatchGetImage');
    expect(of('POST', '/v2/a/blobs/uploads/')).toBe('InitiateLayerUpload');
    expect(of('PATCH', '/v2/a/blobs/uploads/1')).toBe('UploadLayerPart');
    expect(of('PUT', '/v2/a/blobs/uploads/1?digest=x')).toBe('CompleteLayerUpload');
    expect(of('HEAD', '/v2/a/blobs/sha256:0')).toBe('BatchCheckLayerAvailability');
    expect(of('GET', '/v2/a/blobs/sha256:0')).toBe('GetDownloadUrlForLayer');
    expect(of('GET', '/v2/')).toBeUndefined();
  });

  it('is kept once the registry has throttled, by all who share the budget, and forgotten after a minute', async () => {
    const clock = manualClock();
    const budget = memoryBudget(clock);
    const waits: number[] = [];
    const pacer = () =>
      createPacer({
        host: 'ecr.example',
        quotaOf: ecrQuotaOf,
        budget,
        clock,
        sleep: async (ms) => void waits.push(ms),
      });
    const [one, two] = [pacer(), pacer()];
    const put = { method: 'PUT', path: '/v2/a/manifests/v1' };
    for (let i = 0; i < 30; i++) await one.before(put, undefined);
    expect(waits).toEqual([]);
    for (const each of [one, two]) each.after(put, 429);
    // A second's worth at once, and after it one every tenth of a second, whoever asks.
    for (let i = 0; i < 15; i++) await (i % 2 === 0 ? one : two).before(put, undefined);
    expect(waits).toEqual([100, 200, 300, 400, 500]);
    await one.before({ method: 'GET', path: '/v2/a/manifests/v1' }, undefined);
    expect(waits).toHaveLength(5);
    clock.advance(60_001);
    await one.before(put, undefined);
    expect(waits).toHaveLength(5);
  });
});

it('a pacer sees each request to the registry itself, also those that are repeated, and none that a redirect leads away', async () => {
  await using storage = await scriptedServer((_, response) => response.writeHead(404).end());
  let busy = 1;
  await using server = await scriptedServer((_, response) => {
    if (busy-- > 0) response.writeHead(429).end();
    else response.writeHead(307, { location: `${storage.url}blob` }).end();
  });
  const seen: string[] = [];
  const registry = clientOf(server, {
    allowHosts: [storage.url.host],
    pacer: {
      before: async ({ method }) => void seen.push(`before ${method}`),
      after: ({ method }, status) => void seen.push(`after ${method} ${status}`),
    },
  });
  expect(await registry.headBlob({ repository: 'a', digest: digestOf('x') })).toBeUndefined();
  expect(seen).toEqual(['before HEAD', 'after HEAD 429', 'before HEAD', 'after HEAD 307']);
  registry.close();
});

describe('a blob that is there', () => {
  it('is asked for once in a while, and again after a deletion; what is missing is asked for each time', async () => {
    const digest = digestOf('x');
    let there = false;
    await using server = await scriptedServer((request, response) => {
      if (request.method === 'DELETE') response.writeHead(202).end();
      else response.writeHead(there ? 200 : 404, there ? { 'content-length': '1' } : {}).end();
    });
    const clock = manualClock();
    const registry = clientOf(server, { clock });
    const head = () => registry.headBlob({ repository: 'a', digest });
    expect(await head()).toBeUndefined();
    there = true;
    for (let i = 0; i < 5; i++) expect(await head()).toEqual({ size: 1 });
    expect(server.requests).toHaveLength(2);
    there = false;
    await registry.deleteManifest({ repository: 'a', digest });
    expect(await head()).toBeUndefined();
    there = true;
    await head();
    clock.advance(15_001);
    there = false;
    expect(await head()).toBeUndefined();
    registry.close();
  });
});

describe('an upload in chunks whose connection breaks', () => {
  const content = randomBytes(300_000);
  const blob = { repository: 'a', digest: digestOf(content), size: content.length };

  /** Takes `part` of the second chunk and cuts the line; then it says how far it came, or what the test has it say. */
  async function breaking(part: number, range?: string) {
    const parts: Buffer[] = [];
    let broken = false;
    const server = await scriptedServer((request, response, raw) => {
      const received = (): number => parts.reduce((sum, { length }) => sum + length, 0);
      if (request.method === 'HEAD') response.writeHead(404).end();
      else if (request.method === 'POST') {
        parts.length = 0;
        response.writeHead(202, { location: '/v2/a/blobs/uploads/1' }).end();
      } else if (request.method === 'PATCH') {
        const start = Number(/^(\d+)-/.exec(String(raw.headers['content-range']))?.[1]);
        if (start !== received()) response.writeHead(416).end();
        else if (!broken && parts.length === 1) {
          broken = true;
          parts.push(request.body.subarray(0, part));
          raw.socket.destroy();
        } else {
          parts.push(request.body);
          response.writeHead(202, { location: '/v2/a/blobs/uploads/1' }).end();
        }
      } else if (request.method === 'GET') {
        response.writeHead(204, { range: range ?? `0-${received() - 1}` }).end();
      } else if (request.method === 'PUT') {
        response.writeHead(Buffer.concat(parts).equals(content) ? 201 : 400).end();
      } else response.writeHead(204).end();
    });
    return server;
  }

  it.each([0, 1, 50_000, 100_000])('goes on where the registry has come to (%i bytes of the chunk)', async (part) => {
    await using server = await breaking(part);
    const registry = clientOf(server, { chunkBytes: 100_000, retry: { attempts: 1 } });
    // A stream that can be read once: nothing but going on helps.
    const once = async function* () {
      yield content;
    };
    await registry.putBlob({ ...blob, content: once() });
    expect(server.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
    expect(server.requests.filter(({ method }) => method === 'PUT')).toHaveLength(1);
    registry.close();
  });

  it.each([
    ['says less than it had acknowledged', '0-99'],
    ['says more than it was sent', '0-999999'],
    ['says nothing that can be read', 'bytes'],
  ])('begins anew where the registry %s, if the content can be read again', async (_, range) => {
    await using server = await breaking(10, range);
    const registry = clientOf(server, { chunkBytes: 100_000, retry: { attempts: 1 } });
    await registry.putBlob({ ...blob, content });
    expect(server.requests.filter(({ method }) => method === 'POST')).toHaveLength(2);
    registry.close();
  });
});
