import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../lib/core/digest.ts';
import { verifyImage } from '../../lib/signing/index.ts';
import { apkDatabase, buildImage, osRelease } from '../lib/sbom/image-builder.ts';
import { pushBuilt } from '../support/push-images.ts';
import { FOREIGN_HOST, startTestStack, type TestStack } from '../support/stack.ts';

const image = (content: string) =>
  buildImage([[osRelease('alpine', '3.10.2'), apkDatabase(['musl', '1.1.22-r3'])], [{ path: 'app', content }]]);

describe('a mirror of a registry that is none of ours', () => {
  let system: TestStack;
  beforeAll(async () => {
    system = await startTestStack({
      mirrors: [{ prefix: 'theirs', upstream: FOREIGN_HOST, where: 'edge', tagTtlSeconds: 0 }],
    });
  });
  afterAll(() => system?.close());

  const pull = (path: string) => fetch(`${system.source.registry.url}/v2/theirs/app/${path}`);

  it('holds an image that is new until it went through every stage, and outlives its upstream', async () => {
    const digest = await pushBuilt(system.foreign.client, 'app', image('first'), 'v1');
    const first = await pull('manifests/v1');
    expect(first.status).toBe(429);
    expect(first.headers.get('retry-after')).toBe('15');
    expect(await first.json()).toMatchObject({
      errors: [{ code: 'TOOMANYREQUESTS', message: expect.stringContaining('is held until it is scanned') }],
    });
    await system.settle();
    const location = system.location('theirs/app', digest);
    const { stages, settled } = await system.overview(location);
    expect(settled).toBe(true);
    expect(stages.filter(({ state }) => state === 'done').map(({ stage }) => stage)).toEqual(
      expect.arrayContaining(['catalog', 'sbom', 'match', 'gate', 'sign']),
    );

    const second = await pull('manifests/v1');
    expect(second.status).toBe(200);
    const bytes = Buffer.from(await second.arrayBuffer());
    expect(digestOf(bytes)).toBe(digest);
    await system.foreign.registry.close();
    const manifest = JSON.parse(bytes.toString()) as { layers: { digest: string }[]; config: { digest: string } };
    for (const blob of [manifest.config, ...manifest.layers]) {
      const answer = await pull(`blobs/${blob.digest}`);
      expect(digestOf(Buffer.from(await answer.arrayBuffer()))).toBe(blob.digest);
    }
    expect((await pull('manifests/v1')).status).toBe(200);
    // The signature that the stack made is beside the image, although the mirror takes no pushes of others.
    expect(await verifyImage(system.source.client, location, [await system.publicKey()])).toMatchObject({
      kind: 'verified',
    });
    const [status] = system.source.registry.mirrors();
    expect(status?.counts).toMatchObject({ stale: 1, held: 1, denied: 0 });
    expect(status?.counts.misses).toBe(1 + 1 + manifest.layers.length);
    expect(system.deadLetters()).toEqual({});
    expect(system.notices).toEqual([]);
  });
});
