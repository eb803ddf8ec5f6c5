import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListMultipartUploadsCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openS3Service } from '../../../infra/local/services/s3/index.ts';
import { digestOf } from '../../../lib/core/digest.ts';
import { PART_BYTES } from '../../../lib/registry/adapters/bucket/objects.ts';
import { createBucketRegistry } from '../../../lib/registry/adapters/bucket-registry.ts';
import { collectContent, type Registry } from '../../../lib/registry/index.ts';
import { registryContract } from '../../contract/registry.contract.ts';
import { credentialsOf, startServiceServer } from '../../support/service-server.ts';

const region = 'eu-central-1';
let folder: string;
let server: Awaited<ReturnType<typeof startServiceServer>>;
let client: S3Client;
let registry: Registry;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lading-bucket-registry-'));
  const s3 = await openS3Service({ directory: folder });
  await s3.createBucket({ name: 'archive', region, versioned: true });
  server = await startServiceServer({ services: [s3] });
  client = new S3Client({ endpoint: server.endpoint, region, credentials: credentialsOf(undefined) });
  registry = createBucketRegistry({ client, bucket: 'archive', prefix: 'a/', host: 'archive.example' });
});
afterAll(async () => {
  client.destroy();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('registry in a bucket', () => {
  let count = 0;
  const has = { referrersApi: true, deleteTag: true, repositories: true, strictParts: true };
  registryContract(() => ({ registry, repository: () => `team/app-${count++}`, has }), has);

  it('stores a blob in parts, once for all repositories, and nothing of one that is not what it says', async () => {
    const content = randomBytes(2 * PART_BYTES + 5);
    const digest = digestOf(content);
    const stream = async function* () {
      for (let i = 0; i < content.length; i += 1_000_003) yield content.subarray(i, i + 1_000_003);
    };
    const wrong = randomBytes(32).toString('hex');
    const lie = { repository: 'one', digest: `sha256:${wrong}` as const, size: content.length, content: stream };
    await expect(registry.putBlob(lie)).rejects.toMatchObject({ code: 'digest-mismatch' });
    const under = async (Prefix: string) =>
      (await client.send(new ListObjectsV2Command({ Bucket: 'archive', Prefix }))).KeyCount;
    expect(await under(`a/blobs/sha256/${wrong}`)).toBe(0);
    const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket: 'archive' }));
    expect(Uploads ?? []).toEqual([]);

    await registry.putBlob({ repository: 'one', digest, size: content.length, content: stream });
    expect(await registry.headBlob({ repository: 'two', digest })).toEqual({ size: content.length });
    expect(await registry.mountBlob({ repository: 'two', from: 'one', digest })).toBe(true);
    const read = await collectContent(
      registry.openBlob({ repository: 'two', digest, size: content.length }),
      content.length,
    );
    expect(digestOf(read)).toBe(digest);
  });
});
