import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { createHttpRegistry, type HttpRegistry } from '../../../../lib/registry/adapters/http/create-http-registry.ts';
import { registryContract } from '../../../contract/registry.contract.ts';
import { dockerRegistryBinary, startDockerRegistry } from '../start-docker-registry.ts';

const installed = dockerRegistryBinary !== undefined;

for (const chunkBytes of [undefined, 65_536]) {
  const how = chunkBytes === undefined ? 'whole uploads' : 'uploads in chunks';
  const skipped = installed ? '' : ' (skipped: no docker-registry on PATH)';
  describe.skipIf(!installed)(`distribution 2.8 over HTTP, ${how}${skipped}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'lading-docker-registry-'));
    let server: Awaited<ReturnType<typeof startDockerRegistry>>;
    let registry: HttpRegistry;
    let count = 0;
    beforeAll(async () => {
      server = await startDockerRegistry(folder);
      registry = createHttpRegistry({
        host: 'docker.example',
        url: server.url,
        allowInsecure: true,
        allowPrivate: true,
        chunkBytes,
      });
    });
    afterAll(async () => {
      registry.close();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    });
    const has = { referrersApi: false, deleteTag: false, repositories: true, strictParts: true };
    registryContract(() => ({ registry, repository: () => `team/app-${count++}`, has }), has);
  });
}
