import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../../lib/core/digest.ts';
import { createArtifactManifest, createIndex } from '../../../../lib/formats/oci/index.ts';
import { parseRetryAfter } from '../../../../lib/registry/adapters/http/retry.ts';
import { collectContent, referrersTag } from '../../../../lib/registry/index.ts';
import { codeOf } from '../../../contract/registry.contract.ts';
import { clientOf, type Handler, scriptedServer } from './scripted-server.ts';

const content = randomBytes(300_000);
const digest = digestOf(content);
const blob = { repository: 'a', digest, size: content.length };
const manifest = createIndex([]);
const ok: Handler = (_, response) =>
  response.writeHead(200, { 'content-type': manifest.mediaType }).end(manifest.bytes);
const get = (registry: ReturnType<typeof clientOf>) => registry.getManifest({ repository: 'a', reference: 'x' });

async function* oneShot(): AsyncGenerator<Uint8Array> {
  yield content;
}

describe('a registry with bad days', () => {
  it.each([429, 500, 502, 503, 504])('asks again after %i, with a pause that grows', async (status) => {
    const pauses: number[] = [];
    let left = 2;
    await using server = await scriptedServer((...all) => (left-- > 0 ? all[1].writeHead(status).end() : ok(...all)));
    const sleep = async (ms: number) => void pauses.push(ms);
    const registry = clientOf(server, { retry: { random: () => 1, sleep } });
    expect((await get(registry))?.digest).toBe(manifest.digest);
    expect(pauses).toEqual([400, 800]);
    registry.close();
  });

  it('gives up after four attempts, and says that it may be tried later', async () => {
    await using server = await scriptedServer((_, response) => response.writeHead(503).end());
    const registry = clientOf(server);
    await expect(get(registry)).rejects.toMatchObject({ code: 'registry-unavailable', retryable: true });
    expect(server.requests).toHaveLength(4);
    registry.close();
  });

  it('waits as long as it is asked to, and leaves it to the queue where that is long', async () => {
    const pauses: number[] = [];
    let after = '7';
    let left = 1;
    await using server = await scriptedServer((...all) =>
      left-- > 0 ? all[1].writeHead(429, { 'retry-after': after }).end() : ok(...all),
    );
    const registry = clientOf(server, { retry: { random: () => 0, sleep: async (ms) => void pauses.push(ms) } });
    await get(registry);
    expect(pauses).toEqual([7_000]);
    after = '3600';
    left = 1;
    await expect(get(registry)).rejects.toMatchObject({ code: 'registry-unavailable', retryAfterMs: 3_600_000 });
    registry.close();
  });

  it('reads Retry-After as seconds and as a date', () => {
    const now = new Date('2026-11-24T08:00:00Z');
    expect(parseRetryAfter('120', now)).toBe(120_000);
    expect(parseRetryAfter('Tue, 24 Nov 2026 08:00:05 GMT', now)).toBe(5_000);
    expect(parseRetryAfter('Tue, 24 Nov 2026 07:00:00 GMT', now)).toBe(0);
    for (const bad of [undefined, '', 'soon', '-5', '1e9']) {
      expect(parseRetryAfter(bad, now) ?? 0).toBeGreaterThanOrEqual(0);
    }
  });

  it('does not repeat what the registry refused', async () => {
    await using server = await scriptedServer((_, response) => response.writeHead(400).end());
    const registry = clientOf(server);
    expect(await codeOf(get(registry))).toBe('registry-protocol');
    expect(server.requests).toHaveLength(1);
    registry.close();
  });

  it('takes a broken download up where it broke, and still checks the whole', async () => {
    await using server = await scriptedServer((request, response) => {
      const start = Number(/bytes=(\d+)-/.exec(request.range ?? '')?.[1] ?? 0);
      const headers = { 'content-length': content.length - start };
      if (start > 0) response.writeHead(206, { ...headers, 'content-range': `bytes ${start}-${content.length - 1}/x` });
      else response.writeHead(200, headers);
      response.write(content.subarray(start, start + 120_000), () => {
        if (start + 120_000 >= content.length) response.end();
        else setTimeout(() => response.destroy(), 5);
      });
    });
    const registry = clientOf(server);
    const read = await collectContent(registry.openBlob(blob), 1e6);
    expect(Buffer.from(read).equals(content)).toBe(true);
    expect(server.requests.map((r) => r.range)).toEqual([
      undefined,
      `bytes=120000-${content.length - 1}`,
      `bytes=240000-${content.length - 1}`,
    ]);
    registry.close();
  });

  it('gives up on a download that breaks without a byte', async () => {
    await using server = await scriptedServer((_, response) => response.destroy());
    const registry = clientOf(server);
    expect(await codeOf(collectContent(registry.openBlob(blob), 1e6))).toBe('registry-unavailable');
    expect(server.requests).toHaveLength(4);
    registry.close();
  });
});

describe('uploads that break', () => {
  /** Takes uploads; `fail` decides what happens to the PUT that ends one. */
  const uploads = (fail: (n: number) => 'lose' | 'refuse' | undefined) => {
    let puts = 0;
    let held = false;
    const handler: Handler = (request, response) => {
      if (request.method === 'POST') response.writeHead(202, { location: `/up/${puts}` }).end();
      else if (request.method === 'HEAD') {
        response.writeHead(held ? 200 : 404, { 'content-length': content.length }).end();
      } else if (request.method === 'PUT') {
        const how = fail(puts++);
        if (how === 'refuse') response.writeHead(503).end();
        else held = request.body.equals(content);
        if (how === 'lose') response.destroy();
        else if (how === undefined) response.writeHead(201).end();
      } else response.writeHead(204).end();
    };
    return handler;
  };
  const methods = (requests: readonly { readonly method: string }[]) => requests.map((r) => r.method);

  it('begins anew where the content can be read again', async () => {
    await using server = await scriptedServer(uploads((n) => (n === 0 ? 'refuse' : undefined)));
    const registry = clientOf(server);
    await registry.putBlob({ ...blob, content: oneShot });
    expect(methods(server.requests)).toEqual(['POST', 'PUT', 'HEAD', 'POST', 'PUT']);
    registry.close();
  });

  it('does not upload again what had arrived when the answer was lost', async () => {
    await using server = await scriptedServer(uploads((n) => (n === 0 ? 'lose' : undefined)));
    const registry = clientOf(server);
    await registry.putBlob({ ...blob, content });
    expect(methods(server.requests)).toEqual(['POST', 'PUT', 'HEAD']);
    registry.close();
  });

  it('does not send a stream twice', async () => {
    await using server = await scriptedServer(uploads((n) => (n === 0 ? 'refuse' : undefined)));
    const registry = clientOf(server);
    expect(await codeOf(registry.putBlob({ ...blob, content: oneShot() }))).toBe('registry-unavailable');
    expect(methods(server.requests).filter((m) => m === 'PUT')).toHaveLength(1);
    registry.close();
  });

  it('stops reading its source when the registry refuses early, and frees the upload', async () => {
    let pulled = 0;
    let closed = false;
    async function* long(): AsyncGenerator<Uint8Array> {
      try {
        for (; pulled < 4_000; pulled++) yield new Uint8Array(64 * 1024);
      } finally {
        closed = true;
      }
    }
    const refusing = createServer((request, response) => {
      if (request.method === 'POST') response.writeHead(202, { location: '/up' }).end();
      else if (request.method === 'PUT') response.writeHead(413, { connection: 'close' }).end();
      else response.writeHead(204).end();
    });
    await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve));
    const address = refusing.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const registry = clientOf({ url: new URL(`http://127.0.0.1:${port}`) });
    const size = 4_000 * 64 * 1024;
    const code = await codeOf(registry.putBlob({ ...blob, size, content: long }));
    expect(['registry-refused', 'registry-unavailable']).toContain(code);
    expect(closed).toBe(true);
    expect(pulled).toBeLessThan(4_000);
    registry.close();
    refusing.closeAllConnections();
    await new Promise((resolve) => refusing.close(resolve));
  });
});

describe('tags that cannot be moved', () => {
  const immutable: Handler = (request, response) => {
    if (request.method === 'HEAD') {
      const headers = { 'docker-content-digest': manifest.digest, 'content-type': manifest.mediaType };
      response.writeHead(200, { ...headers, 'content-length': manifest.size }).end();
    } else {
      const message = "The image tag 'v1' already exists and cannot be overwritten because the tag is immutable.";
      response.writeHead(400).end(JSON.stringify({ errors: [{ code: 'TAG_INVALID', message }] }));
    }
  };

  it('is content where the tag is already where it should be, and says so where not', async () => {
    await using server = await scriptedServer(immutable);
    const registry = clientOf(server);
    expect(await registry.putManifest({ repository: 'a', reference: 'v1', ...manifest })).toEqual({
      digest: manifest.digest,
    });
    const other = createIndex([], { other: 'x' });
    expect(await codeOf(registry.putManifest({ repository: 'a', reference: 'v1', ...other }))).toBe('tag-immutable');
    registry.close();
  });

  it('notices that the registry stored something else', async () => {
    await using server = await scriptedServer((_, response) =>
      response.writeHead(201, { 'docker-content-digest': digest }).end(),
    );
    const registry = clientOf(server);
    expect(await codeOf(registry.putManifest({ repository: 'a', reference: 'v1', ...manifest }))).toBe(
      'digest-mismatch',
    );
    registry.close();
  });
});

describe('the fallback tag of referrers', () => {
  const subject = createIndex([], { name: 'subject' });
  const mine = createArtifactManifest({ artifactType: 'application/vnd.example', layers: [], subject });
  const foreign = createArtifactManifest({ artifactType: 'application/vnd.example', layers: [], subject: manifest });
  const stored =
    (byReference: ReadonlyMap<string, typeof mine>): Handler =>
    (request, response) => {
      const found = byReference.get(request.path.split('/').at(-1) ?? '');
      if (request.path.includes('/referrers/') || found === undefined) response.writeHead(404).end();
      else response.writeHead(200, { 'content-type': found.mediaType }).end(found.bytes);
    };

  it('believes an entry only if its own manifest names the subject', async () => {
    const list = createIndex([mine, foreign, { ...mine, digest: digestOf('absent') }]);
    const all = [mine, foreign, subject].map((m) => [m.digest, m] as const);
    await using server = await scriptedServer(stored(new Map([...all, [referrersTag(subject.digest), list]])));
    const registry = clientOf(server);
    const found = await registry.listReferrers({ repository: 'a', digest: subject.digest });
    expect(found).toMatchObject({ complete: true, via: 'tag' });
    expect(found.descriptors.map((d) => d.digest)).toEqual([mine.digest]);
    registry.close();
  });

  it('takes the subject itself under the tag for no referrers, as GitLab answers', async () => {
    const all = new Map([
      [subject.digest, subject],
      [referrersTag(subject.digest), subject],
    ] as const);
    await using server = await scriptedServer(stored(new Map(all)));
    const registry = clientOf(server);
    const found = await registry.listReferrers({ repository: 'a', digest: subject.digest });
    expect(found).toEqual({ descriptors: [], complete: true, via: 'tag' });
    registry.close();
  });
});

it('gives connections back: many more requests than there are connections', async () => {
  await using server = await scriptedServer((request, response, raw) => {
    if (request.path.endsWith('/gone')) response.writeHead(404).end('not here');
    else ok(request, response, raw);
  });
  const registry = clientOf(server);
  const ask = (i: number) =>
    i % 2
      ? registry.headManifest({ repository: 'a', reference: 'gone' })
      : registry.headManifest({ repository: 'a', reference: 'x' });
  await Promise.all(Array.from({ length: 200 }, (_, i) => ask(i)));
  await Promise.all(Array.from({ length: 100 }, () => registry.getManifest({ repository: 'a', reference: 'gone' })));
  expect(server.requests.length).toBeGreaterThan(299);
  registry.close();
});
