import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bucketClient } from '../../lib/aws/bucket-client.ts';
import { documentSnapshots } from '../../lib/backup/adapters/document-snapshots.ts';
import { readIndex } from '../../lib/backup/read-index.ts';
import type { StackFile } from '../../lib/cli/connection.ts';
import { type Digest, digestHex } from '../../lib/core/digest.ts';
import type { ImageLocation } from '../../lib/core/image-reference.ts';
import { s3Documents } from '../../lib/documents/adapters/s3-documents.ts';
import { createBucketRegistry } from '../../lib/registry/adapters/bucket-registry.ts';
import { verifyImage } from '../../lib/signing/index.ts';
import { lading, writeStackFile } from '../lib/cli/support.ts';
import { apkDatabase, buildImage, osRelease } from '../lib/sbom/image-builder.ts';
import { pushBuilt } from '../support/push-images.ts';
import { PRIMARY_REGION, startTestStack, type TestStack } from '../support/stack.ts';
import { unusedRights } from '../support/unused-rights.ts';

const base = [osRelease('alpine', '3.20.3'), apkDatabase(['musl', '1.2.5-r0'])];
const imageOf = (name: string) => buildImage([[...base, { path: 'app/name', content: name }]]);
const TIMEOUT_MS = 240_000;

/** What a lost region takes along, but for the buckets and keys: the registries and all tables. */
const LOST = ['registry', 'dynamodb'];

describe('a registry that is lost', { timeout: TIMEOUT_MS }, () => {
  let dataDir: string;
  let folder: string;
  let system: TestStack;
  const images: ImageLocation[] = [];
  let bucket: string;

  /** What the command line is told of the stack, as `npm start` writes it. */
  const command = (...args: readonly string[]) => {
    const stack: Partial<StackFile> = {
      ...{ api: system.api, endpoint: system.stack.endpoint, region: PRIMARY_REGION, backupBucket: bucket },
      registries: [
        { host: system.source.host, region: PRIMARY_REGION, url: system.source.registry.url, role: 'source' as const },
      ],
    };
    return lading([...args, '--data', writeStackFile(folder, stack)], folder);
  };
  const s3 = () => bucketClient({ endpoint: system.stack.endpoint, region: PRIMARY_REGION });

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'lading-recovery-'));
    folder = mkdtempSync(join(tmpdir(), 'lading-recovery-cli-'));
    system = await startTestStack({ dataDir });
    for (const name of ['one', 'two', 'three']) {
      const digest = await pushBuilt(system.source.client, `team/${name}`, imageOf(name), 'v1');
      images.push(system.location(`team/${name}`, digest));
    }
    await system.settle();
    const outputs = [...system.stack.outputs].find(([name]) => name.endsWith('.BackupBucketName'));
    bucket = String(outputs?.[1]);
    await system.run('backup-registries');
  }, TIMEOUT_MS);
  afterAll(async () => {
    await system?.close();
    await rm(dataDir, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
  });

  it('was backed up with all that belongs to its images, by the rights that its function has', async () => {
    const { code, out } = await command('dr', 'snapshots');
    expect(code).toBe(0);
    expect(out).toMatch(/snapshots\/\S+\.json\s+\S+\s+3\s+\d+\s+\S+ \S+\s+0\n/);
    const told = (await system.trail()).filter(({ detailType }) => detailType === 'Backup Completed');
    expect(told).toHaveLength(1);
    const unused = unusedRights(system.stack).filter((right) => right.startsWith('backup-registries: '));
    expect(
      unused.filter((right) => !/: ecr:(?:batchchecklayeravailability|getdownloadurlforlayer)$/.test(right)),
    ).toEqual([]);
  });

  it('is drilled: restored, read to the last byte, its signatures verified, an image pulled, and that signed', async () => {
    const key = join(folder, 'lading.pub');
    writeFileSync(key, await (await system.ask('/api/key')).text());
    const file = join(folder, 'drill.json');
    const args = ['dr', 'drill', '--public-key', key, '--require-signatures', '--attestation', file];
    const { code, out, err } = await command(...args);
    expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining('wrote') });
    expect(out).toMatch(/^drill\s+passed\n/);
    expect(out).toMatch(/recovery point\s+[\d.]+ s before the drill/);
    expect(out).toMatch(/signatures\s+3 verified, 0 unsigned, 0 refused/);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ dsseEnvelope: { signatures: [{}] } });
  });

  it('fails the drill for one damaged referrer, which is named', async () => {
    const client = s3();
    const vault = createBucketRegistry({ client, bucket, prefix: 'images/', host: 'backup' });
    const snapshots = documentSnapshots(s3Documents(client, bucket));
    const [key = ''] = await snapshots.list();
    const { snapshot } = await snapshots.load(key);
    const [first] = snapshot.repositories;
    if (!first) throw new Error('the snapshot is empty');
    const repository = `${snapshot.registry}/${first.name}`;
    const { manifests } = await readIndex(vault, repository, first);
    const [signature] = [...manifests].find(([, { role }]) => role === 'referrer') ?? [];
    const at = { Bucket: bucket, Key: `images/blobs/sha256/${digestHex(signature as Digest)}` };
    const sound = await vault.getManifest({ repository, reference: String(signature) });
    await client.send(new PutObjectCommand({ ...at, Body: Buffer.from('{"schemaVersion":2}') }));
    const { code, err } = await command('dr', 'drill');
    expect(code).toBe(1);
    expect(err).toContain(`fault ${first.name} ${signature}`);
    await client.send(new PutObjectCommand({ ...at, Body: sound?.bytes ?? '' }));
    expect((await command('dr', 'drill')).code).toBe(0);
    client.destroy();
  });

  it('comes back after the loss of registry and tables, by the commands of the runbook', async () => {
    const key = await system.publicKey();
    const before = await Promise.all(images.map((image) => system.source.client.listReferrers(image)));
    await system.close();
    for (const lost of LOST) await rm(join(dataDir, lost), { recursive: true });
    system = await startTestStack({ dataDir });
    for (const { repository, digest } of images) {
      expect(await system.source.client.headManifest({ repository, reference: digest })).toBeUndefined();
    }
    expect(await system.rows('catalog')).toEqual([]);

    const { code, out } = await command('dr', 'restore', system.source.host);
    expect(code).toBe(0);
    expect(out).toMatch(/^3 images of 3 repositories are back, with 3 tags/);
    await system.settle();
    await system.run('reconcile', { graceMs: 0 });

    for (const [i, image] of images.entries()) {
      const { repository, digest } = image;
      expect((await system.source.client.headManifest({ repository, reference: 'v1' }))?.digest).toBe(digest);
      const now = (await system.source.client.listReferrers({ repository, digest })).descriptors.map(
        (one) => one.digest,
      );
      expect(now).toEqual(expect.arrayContaining((before[i]?.descriptors ?? []).map((one) => one.digest)));
      expect(await verifyImage(system.source.client, image, [key])).toMatchObject({ kind: 'verified' });
      const overview = await system.overview(image);
      expect({ settled: overview.settled, decision: overview.verdict?.decision }).toEqual({
        settled: true,
        decision: 'allow',
      });
      expect((await system.catalog.tag(image, 'v1'))?.digest).toBe(digest);
    }
    expect(system.deadLetters()).toEqual({});
    const again = await command('dr', 'restore', system.source.host, '--repository', 'team/one', '--image', 'v1');
    expect(again.out).toMatch(/^1 image of 1 repositories are back, with 0 tags \(0 B moved\)/);
  });
});
