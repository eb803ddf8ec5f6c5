import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { archiveRecall } from '../../../../infra/local/archive-recall.ts';
import type { Recall, RecallAnswer } from '../../../../infra/local/registry/recall.ts';
import { localRegistry } from '../../../../infra/local/sample/push-sample.ts';
import { manualClock } from '../../../../lib/core/clock.ts';
import { buildImage, osRelease } from '../../../lib/sbom/image-builder.ts';
import { pushBuilt } from '../../../support/push-images.ts';
import { startRegistry } from './support.ts';

const image = buildImage([[osRelease('alpine', '3.20')]]);
const headers = { accept: image.descriptor.mediaType };
const restoring = (bytes: number): RecallAnswer => ({ kind: 'restoring', bytes, retryAfterSeconds: 7 });

/** A registry with the repository "app", in which there is nothing any more. */
async function emptied(ask: Recall['ask']) {
  const asked = vi.fn(ask);
  const started = await startRegistry({
    recall: { ask: asked },
    access: {
      authenticate: async (header) => ({ principal: header === undefined ? undefined : 'function' }),
      authorize: () => true,
    },
  });
  await started.registry.store.createRepository('app');
  const client = localRegistry(started.registry.url);
  return { ...started, asked, bringBack: () => pushBuilt(client, 'app', image, 'v1') };
}

describe('the embedded registry, asked for what is archived', () => {
  it('waits for what is small, and hands it out as soon as it is back', async () => {
    const { client, asked, bringBack } = await emptied(async () => {
      void bringBack();
      return restoring(1000);
    });
    for (const method of ['GET', 'HEAD']) {
      const answer = await client(method, '/v2/app/manifests/v1', { headers });
      expect([answer.status, answer.headers['docker-content-digest']]).toEqual([200, image.descriptor.digest]);
    }
    expect(asked.mock.calls).toEqual([['app', 'v1']]);
  });

  it('tells who pulls something large to come again', async () => {
    const { client } = await emptied(async () => restoring(10 ** 10));
    const answer = await client('GET', `/v2/app/manifests/${image.descriptor.digest}`, { headers });
    expect([answer.status, answer.headers['retry-after'], answer.codes]).toEqual([429, '7', ['TOOMANYREQUESTS']]);
    expect(answer.body.toString()).toContain('is being brought back');
  });

  it('says so where pulls have brought back enough for today', async () => {
    const { client } = await emptied(async () => ({ kind: 'limited', retryAfterSeconds: 3600 }));
    const answer = await client('GET', '/v2/app/manifests/v1', { headers });
    expect([answer.status, answer.headers['retry-after']]).toEqual([429, '3600']);
    expect(answer.body.toString()).toContain('as much as they may today');
  });

  it('has nothing where the archive has nothing, and asks for no function, no push and no other repository', async () => {
    const { client, asked, bringBack } = await emptied(async () => undefined);
    expect((await client('GET', '/v2/app/manifests/v1', { headers })).status).toBe(404);
    expect(asked).toHaveBeenCalledTimes(1);
    const ours = { ...headers, authorization: 'Basic eDp5' };
    expect((await client('GET', '/v2/app/manifests/v1', { headers: ours })).status).toBe(404);
    expect((await client('GET', '/v2/other/manifests/v1', { headers })).status).toBe(404);
    await bringBack();
    expect((await client('GET', '/v2/app/manifests/v1', { headers })).status).toBe(200);
    expect(asked.mock.calls.every(([repository]) => repository === 'app')).toBe(true);
  });
});

describe('asking the API', () => {
  function api(answer: () => object) {
    const sent: unknown[] = [];
    vi.stubGlobal('fetch', async (_url: URL, { body }: { body: string }) => {
      sent.push(JSON.parse(body));
      return Response.json(answer());
    });
    onTestFinished(() => void vi.unstubAllGlobals());
    const clock = manualClock('2026-06-01T00:00:00.000Z');
    const problems: unknown[] = [];
    const recall = archiveRecall({
      ...{ api: () => 'http://127.0.0.1:1', by: 'an edge', clock },
      nameOf: (repository) => (repository === 'nowhere' ? undefined : `up.example/${repository}`),
      onProblem: (error) => void problems.push(error),
    });
    return { recall, sent, clock, problems };
  }

  it('names the image as the catalogue does, once for all who ask, and remembers the answer for a while', async () => {
    const { recall, sent, clock } = api(() => ({ kind: 'not-archived' }));
    await Promise.all([recall.ask('a', 'v1'), recall.ask('a', 'v1'), recall.ask('a', image.descriptor.digest)]);
    expect(sent).toEqual([
      { image: 'up.example/a:v1', by: 'an edge' },
      { image: `up.example/a@${image.descriptor.digest}`, by: 'an edge' },
    ]);
    expect(await recall.ask('nowhere', 'v1')).toBeUndefined();
    clock.advance(31_000);
    await recall.ask('a', 'v1');
    expect(sent).toHaveLength(3);
  });

  it('asks only so often in a second, whatever strangers pull', async () => {
    const { recall, sent, clock } = api(() => ({ kind: 'not-archived' }));
    for (let i = 0; i < 100; i++) await recall.ask('a', `v${i}`);
    expect(sent).toHaveLength(20);
    clock.advance(1000);
    await recall.ask('a', 'v99');
    expect(sent).toHaveLength(21);
  });

  it('brings nothing back where the API fails, and tells of that', async () => {
    const { recall, problems } = api(() => ({ kind: 'what' }));
    expect(await recall.ask('a', 'v1')).toBeUndefined();
    expect(problems).toHaveLength(1);
  });
});
