import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { trustGate } from '../../../../infra/local/pull-gate.ts';
import { type EmbeddedRegistry, startEmbeddedRegistry } from '../../../../infra/local/registry/index.ts';
import { localRegistry } from '../../../../infra/local/sample/push-sample.ts';
import { apkDatabase, buildImage, osRelease } from '../../../lib/sbom/image-builder.ts';
import { pushArtifact, pushBuilt } from '../../../support/push-images.ts';

describe('the gate on pulls', () => {
  let directory: string;
  let registry: EmbeddedRegistry;
  const good = buildImage([[osRelease('alpine', '3.20'), apkDatabase(['musl', '1'])]]);
  const bad = buildImage([[osRelease('alpine', '3.19'), apkDatabase(['musl', '0'])]]);
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'lading-pull-gate-'));
    registry = await startEmbeddedRegistry({
      directory,
      access: {
        authenticate: async (header) => ({ principal: header === undefined ? undefined : 'function' }),
        authorize: () => true,
        refusePull: async (principal, _repository, digest) =>
          principal === undefined && digest === bad.descriptor.digest ? 'it has no verdict' : undefined,
      },
    });
  });
  afterEach(async () => {
    await registry.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('hands out what it lets out, tells of the rest by HEAD, and takes pushes', async () => {
    const client = localRegistry(registry.url);
    for (const image of [good, bad]) await pushBuilt(client, 'app', image, image === good ? 'good' : 'bad');
    expect((await client.getManifest({ repository: 'app', reference: 'good' }))?.digest).toBe(good.descriptor.digest);
    await expect(client.getManifest({ repository: 'app', reference: 'bad' })).rejects.toThrow(/it has no verdict/);
    const head = await client.headManifest({ repository: 'app', reference: 'bad' });
    expect(head?.digest).toBe(bad.descriptor.digest);
    await pushBuilt(client, 'app', bad, 'again');
  });

  it('keeps nobody from the signatures of what it refuses', async () => {
    const client = localRegistry(registry.url);
    await pushBuilt(client, 'app', bad, 'bad');
    const content = Buffer.from('{}');
    const digest = await pushArtifact(client, 'app', {
      type: 'application/vnd.example',
      content,
      subject: bad.descriptor,
    });
    expect((await client.getManifest({ repository: 'app', reference: digest }))?.digest).toBe(digest);
  });

  it('is open to our own functions', async () => {
    await pushBuilt(localRegistry(registry.url), 'app', bad, 'bad');
    const headers = { authorization: 'Basic eDp5', accept: bad.descriptor.mediaType };
    expect((await fetch(`${registry.url}/v2/app/manifests/bad`, { headers })).status).toBe(200);
    expect((await fetch(`${registry.url}/v2/app/manifests/bad`, { headers: { accept: headers.accept } })).status).toBe(
      403,
    );
  });
});

it('what cannot be asked lets nothing out', async () => {
  const image = { registry: 'r.example', repository: 'app', digest: `sha256:${'a'.repeat(64)}` } as const;
  expect(await trustGate(() => undefined)(image)).toContain('not ready');
  expect(await trustGate(() => 'http://127.0.0.1:1')(image)).toContain('cannot be told');
});
