import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ECRClient } from '@aws-sdk/client-ecr';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedRegistry, startEmbeddedRegistry } from '../../../infra/local/registry/index.ts';
import { openEcrService } from '../../../infra/local/services/ecr/index.ts';
import { createRegistries } from '../../../lib/registry/adapters/open-registries.ts';
import type { Registry } from '../../../lib/registry/index.ts';
import { pushImage, registryContract } from '../../contract/registry.contract.ts';
import { credentialsOf, type ServiceServer, startServiceServer } from '../../support/service-server.ts';

const region = 'eu-central-1';
const host = `000000000000.dkr.ecr.${region}.amazonaws.com`;

describe('ECR of the local stack, by an unmodified SDK client', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lading-ecr-local-'));
  let embedded: EmbeddedRegistry;
  let server: ServiceServer;
  let client: ECRClient;
  let registry: Registry;
  let count = 0;
  beforeAll(async () => {
    embedded = await startEmbeddedRegistry({ directory: join(folder, 'registry') });
    const service = await openEcrService({
      directory: folder,
      registries: (name) => (name === region ? { backend: embedded.store, url: embedded.url } : undefined),
    });
    server = await startServiceServer({ services: [service] });
    client = new ECRClient({ region, endpoint: server.endpoint, credentials: credentialsOf(), maxAttempts: 1 });
    const entry = { kind: 'ecr' as const, host, region, account: '000000000000', createRepositories: true };
    registry = await createRegistries({ entries: [entry] }, { ecrClient: () => client }).open(host);
  });
  afterAll(async () => {
    client.destroy();
    await server.stop();
    await embedded.close();
    rmSync(folder, { recursive: true, force: true });
  });
  // ECR deletes an image with its last tag, so that part of the contract is not its own.
  const has = { referrersApi: true, deleteTag: false, repositories: true, strictParts: true };
  registryContract(() => ({ registry, repository: () => `team/app-${count++}`, has }), has);

  it('deletes an image with its last tag, as ECR does', async () => {
    const repository = `team/app-${count++}`;
    const image = await pushImage(registry, repository, 'only');
    expect(await registry.deleteTag({ repository, tag: 'only' })).toBe(true);
    expect(await registry.headManifest({ repository, reference: image.digest })).toBeUndefined();
    expect(await registry.deleteTag({ repository, tag: 'only' })).toBe(false);
  });
});
