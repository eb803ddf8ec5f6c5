import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../../../lib/core/digest.ts';
import { createHttpRegistry, type HttpRegistry } from '../../../../lib/registry/adapters/http/create-http-registry.ts';
import { collectContent } from '../../../../lib/registry/index.ts';
import { registryContract } from '../../../contract/registry.contract.ts';
import { dockerRegistryBinary, startDockerRegistry } from '../start-docker-registry.ts';

const installed = dockerRegistryBinary !== undefined;

const skipped = installed ? '' : ' (skipped: no docker-registry on PATH)';

describe.skipIf(!installed)(`distribution 2.8 over HTTP${skipped}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'lading-docker-registry-'));
  let server: Awaited<ReturnType<typeof startDockerRegistry>>;
  let registry: HttpRegistry;
  let count = 0;
  const open = (chunkBytes?: number) =>
    createHttpRegistry({
      host: 'docker.example',
      url: server.url,
      allowInsecure: true,
      allowPrivate: true,
      chunkBytes,
    });
  beforeAll(async () => {
    server = await startDockerRegistry(folder);
    registry = open();
  });
  afterAll(async () => {
    registry.close();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const has = { referrersApi: false, deleteTag: false, repositories: true, strictParts: true };
  registryContract(() => ({ registry, repository: () => `team/app-${count++}`, has }), has);

  it('takes uploads in chunks', async () => {
    const chunked = open(65_536);
    const content = randomBytes(200_000);
    const digest = digestOf(content);
    const blob = { repository: 'team/chunks', digest, size: content.length };
    await chunked.putBlob({ ...blob, content });
    expect(Buffer.from(await collectContent(registry.openBlob(blob), 1e6)).equals(content)).toBe(true);
    chunked.close();
  });
});
