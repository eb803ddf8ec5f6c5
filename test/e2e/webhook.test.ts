import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Digest } from '../../lib/core/digest.ts';
import type { ImageLocation } from '../../lib/core/image-reference.ts';
import { verifyImage } from '../../lib/signing/index.ts';
import { apkDatabase, type BuiltImage, buildImage, osRelease } from '../lib/sbom/image-builder.ts';
import { pushBuilt } from '../support/push-images.ts';
import { FOREIGN_HOST, startTestStack, type TestStack } from '../support/stack.ts';
import { sendWebhook } from '../support/webhook.ts';

const image = (content: string): BuiltImage =>
  buildImage([[osRelease('alpine', '3.10.2'), apkDatabase(['musl', '1.1.22-r3'])], [{ path: 'app', content }]]);

describe('a registry that is none of ours', () => {
  let system: TestStack;
  let secret: string;
  beforeAll(async () => {
    system = await startTestStack();
    secret = await system.webhookSecret();
  });
  afterAll(() => system?.close());

  const at = (digest: Digest): ImageLocation => ({ registry: FOREIGN_HOST, repository: 'their/app', digest });
  const push = (content: string, tag: string) => pushBuilt(system.foreign.client, 'their/app', image(content), tag);
  const notice = (event: object): string =>
    JSON.stringify({ events: [{ registry: FOREIGN_HOST, repository: 'their/app', ...event }] });
  const send = async (body: string, more: Partial<Parameters<typeof sendWebhook>[1]> = {}) => {
    const response = await sendWebhook(system.api, { source: 'theirs', secret, body, ...more });
    const answer = { status: response.status, body: await response.json() };
    await system.settle();
    return answer;
  };

  it('has its image taken through every stage once it tells of it, and gets the signature', async () => {
    const digest = await push('first', 'v1');
    await system.settle();
    expect(await system.catalog.find(at(digest))).toBeUndefined();
    expect(await send(notice({ action: 'push', tag: 'v1' }))).toEqual({ status: 202, body: { accepted: 1 } });
    const { stages, settled, tags, sbom } = await system.overview(at(digest));
    expect(settled).toBe(true);
    expect(stages.map(({ stage, state }) => `${stage} ${state}`)).toEqual([
      ...['catalog done', 'sbom done', 'match done', 'gate done', 'sign done'],
      // No rule copies what is in this registry.
      'replicate not-needed',
      'attest done',
    ]);
    expect({ tags, packages: sbom?.sbom.packages }).toEqual({ tags: ['v1'], packages: 1 });
    const { client } = system.foreign;
    expect(await verifyImage(client, at(digest), [await system.publicKey()])).toMatchObject({ kind: 'verified' });
  });

  it('is not heard without its signature, and learns nothing from the refusal', async () => {
    await push('second', 'v2');
    const body = notice({ action: 'push', tag: 'v2' });
    const before = (await system.trail()).length;
    const answers = [
      await send(body, { secret: '' }),
      await send(body, { secret: 'another secret of the same length, or so' }),
      await send('not even JSON', { secret: '' }),
      await send(body, { secret: '', source: 'unknown' }),
    ];
    expect(answers).toEqual(answers.map(() => ({ status: 401, body: { title: 'unauthorized' } })));
    expect((await system.trail()).length).toBe(before);
  });

  it('is heard once, however often the same delivery comes', async () => {
    const body = notice({ action: 'push', tag: 'v1', occurredAt: '2026-01-01T00:00:00Z' });
    expect((await send(body, { delivery: 'one' })).body).toEqual({ accepted: 1 });
    const before = (await system.trail()).length;
    expect(await send(body, { delivery: 'one' })).toEqual({ status: 202, body: { accepted: 0 } });
    expect((await system.trail()).length).toBe(before);
  });

  it('is told what is wrong with news that it signed, and nothing is fetched from whom it names', async () => {
    const foreign = JSON.stringify({
      events: [{ action: 'push', registry: 'elsewhere.test', repository: 'a', tag: '1' }],
    });
    expect(await send(foreign)).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining('elsewhere.test') },
    });
    expect((await send(notice({ action: 'push', tag: 'absent' }))).status).toBe(422);
    expect((await send(notice({ action: 'moved', tag: 'v1' }))).status).toBe(422);
  });

  it('has its deletions followed, when they are true', async () => {
    const digest = image('first').descriptor.digest;
    await send(notice({ action: 'delete', digest }));
    expect((await system.catalog.find(at(digest)))?.deletedAt).toBeUndefined();
    await system.foreign.client.deleteManifest({ repository: 'their/app', digest });
    await send(notice({ action: 'delete', digest, tag: 'v1' }));
    expect((await system.catalog.find(at(digest)))?.deletedAt).toBeDefined();
    expect(await system.catalog.tag(at(digest), 'v1')).toMatchObject({ digest: undefined });
  });

  it('is looked through by the sweep, for what it did not tell', async () => {
    const second = at(image('second').descriptor.digest);
    expect(await system.catalog.find(second)).toBeUndefined();
    await system.run('reconcile', { graceMs: 0 });
    expect(await system.overview(second)).toMatchObject({ settled: true, tags: ['v2'] });
  });

  it('leaves no dead letter, no denied call and no problem', () => {
    expect(system.deadLetters()).toEqual({});
    expect(system.stack.deniedCalls).toEqual([]);
    expect(system.notices).toEqual([]);
  });
});
