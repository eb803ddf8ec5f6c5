import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Digest } from '../../lib/core/digest.ts';
import { apkDatabase, buildImage, osRelease } from '../lib/sbom/image-builder.ts';
import { pushBuilt } from '../support/push-images.ts';
import { FOREIGN_HOST, startTestStack, type TestStack } from '../support/stack.ts';

const image = (content: string) =>
  buildImage([[osRelease('alpine', '3.10.2'), apkDatabase(['musl', '1.1.22-r3'])], [{ path: 'app', content }]]);

describe('a registry that sends nothing', () => {
  let system: TestStack;
  beforeAll(async () => {
    const polls = JSON.stringify([
      { registry: FOREIGN_HOST, repositories: ['their/*'], tags: ['**'], firstRun: 'remember' },
    ]);
    system = await startTestStack({ instead: { '"polls":[]': `"polls":${polls}` } });
  });
  afterAll(() => system?.close());

  const isKnown = async (digest: Digest) =>
    (await system.catalog.find({ registry: FOREIGN_HOST, repository: 'their/app', digest })) !== undefined;

  it('is polled: what was there is left alone, and what is new goes through every stage', async () => {
    const { client } = system.foreign;
    const old = await pushBuilt(client, 'their/app', image('old'), 'v1');
    for (let i = 0; i < 2; i++) await system.run('reconcile', { graceMs: 0 });
    expect(await isKnown(old)).toBe(false);

    const fresh = await pushBuilt(client, 'their/app', image('new'), 'v2');
    await system.run('reconcile', { graceMs: 0 });
    expect(await isKnown(fresh)).toBe(true);
    expect(await isKnown(old)).toBe(false);
    const at = { registry: FOREIGN_HOST, repository: 'their/app', digest: fresh };
    expect(await system.overview(at)).toMatchObject({ settled: true, tags: ['v2'] });
    // The sweep that follows knows the image, and still tells nothing of what was there before.
    await system.run('reconcile', { graceMs: 0 });
    expect(await isKnown(old)).toBe(false);
    expect(system.deadLetters()).toEqual({});
    expect(system.stack.deniedCalls).toEqual([]);
  });
});
