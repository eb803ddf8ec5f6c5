import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { type EmbeddedRegistry, startEmbeddedRegistry } from '../../../../infra/local/registry/index.ts';
import { createHttpRegistry, type HttpRegistry } from '../../../../lib/registry/adapters/http/create-http-registry.ts';
import { registryContract } from '../../../contract/registry.contract.ts';

for (const chunkBytes of [undefined, 65_536]) {
  const how = chunkBytes === undefined ? 'whole uploads' : 'uploads in chunks';
  describe(`the embedded registry over HTTP, ${how}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'lading-embedded-registry-'));
    let server: EmbeddedRegistry;
    let registry: HttpRegistry;
    let count = 0;
    beforeAll(async () => {
      server = await startEmbeddedRegistry({ directory: folder });
      const url = new URL(server.url);
      registry = createHttpRegistry({ host: 'here.example', url, allowInsecure: true, allowPrivate: true, chunkBytes });
    });
    afterAll(async () => {
      registry.close();
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    });
    const has = { referrersApi: true, deleteTag: true, repositories: true, strictParts: true };
    registryContract(() => ({ registry, repository: () => `team/app-${count++}`, has }), has);
  });
}
