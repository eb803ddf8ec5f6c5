import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { digestOf } from '../../../../lib/core/digest.ts';
import { failingDisk } from './failing-disk.ts';
import {
  brokenBlobs,
  imageManifest,
  pushBlob,
  pushImage,
  pushManifest,
  startRegistry,
  temporaryFolder,
} from './support.ts';

const full = { status: 507, codes: ['INSUFFICIENT_STORAGE'] };

describe('a full disk', () => {
  it('is told, at whatever byte it comes, and leaves nothing half', async () => {
    const disk = failingDisk();
    const { client, directory, problems } = await startRegistry({ open: disk.open });
    const kept = await pushImage(client, 'a', 'kept');
    const content = Buffer.alloc(1_200_000, 'content');
    for (const room of [0, 1, 700_000, 1_200_000, 1_200_010]) {
      disk.allow(room);
      const answer = await client('POST', `/v2/a/blobs/uploads/?digest=${digestOf(content)}`, { body: content });
      expect(answer).toMatchObject(full);
      expect(answer.body.toString()).toMatch(/disk of the registry is full/);
      expect(await client('HEAD', `/v2/a/blobs/${digestOf(content)}`)).toMatchObject({ status: 404 });
    }
    const manifest = imageManifest({ digest: kept.blobs[0] as never, size: 0 }, []);
    disk.allow(Number.POSITIVE_INFINITY);
    const config = await pushBlob(client, 'a', '{}');
    for (const room of [0, 100, manifest.length + 20]) {
      disk.allow(room);
      const answer = await pushManifest(client, 'a', 'lost', imageManifest({ digest: config, size: 2 }, []));
      expect(answer).toMatchObject(full);
      expect(await client('HEAD', '/v2/a/manifests/lost')).toMatchObject({ status: 404 });
    }
    disk.allow(Number.POSITIVE_INFINITY);
    expect(await client('GET', '/v2/a/manifests/kept')).toMatchObject({ status: 200 });
    await pushBlob(client, 'a', content);
    expect(await brokenBlobs(directory)).toEqual([]);
    expect(readdirSync(join(directory, 'uploads'))).toEqual([]);
    expect(problems).toEqual([]);
  });

  it('in the middle of an upload keeps what came before, and the upload goes on when there is room', async () => {
    const disk = failingDisk();
    const { client } = await startRegistry({ open: disk.open });
    const { headers } = await client('POST', '/v2/a/blobs/uploads/');
    const location = String(headers.location);
    await client('PATCH', location, { body: 'first ' });
    disk.allow(3);
    expect(await client('PATCH', location, { body: 'second' })).toMatchObject(full);
    disk.allow(Number.POSITIVE_INFINITY);
    expect(await client('GET', location)).toMatchObject({ headers: { range: '0-5' } });
    await client('PATCH', location, { body: 'again', headers: { 'content-range': '6-10' } });
    expect(await client('PUT', `${location}?digest=${digestOf('first again')}`)).toMatchObject({ status: 201 });
  });
});

/** A real file system of 1 MiB, where this machine lets us mount one. */
function mountSmallDisk(path: string): boolean {
  try {
    mkdirSync(path, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const isRoot = process.platform === 'linux' && process.getuid?.() === 0;

describe('a real full disk', () => {
  it.skipIf(!isRoot)(
    'is told, and there is room again after a collection (needs root on Linux to mount one)',
    async (context) => {
      const directory = join(await temporaryFolder(), 'small');
      if (!mountSmallDisk(directory)) return context.skip('this machine does not let us mount a file system');
      onTestFinished(() => void execFileSync('umount', ['-l', directory]));
      const { client, registry } = await startRegistry({ directory });
      const half = Buffer.alloc(600_000, 'half');
      await pushBlob(client, 'a', half);
      const other = Buffer.alloc(600_000, 'other');
      const push = () => client('POST', `/v2/a/blobs/uploads/?digest=${digestOf(other)}`, { body: other });
      expect(await push()).toMatchObject(full);
      expect((await client('GET', `/v2/a/blobs/${digestOf(half)}`)).body.equals(half)).toBe(true);
      await client('DELETE', `/v2/a/blobs/${digestOf(half)}`);
      expect(await registry.store.collectGarbage()).toMatchObject({ freedBytes: 600_000 });
      expect(await push()).toMatchObject({ status: 201 });
      expect(await brokenBlobs(directory)).toEqual([]);
    },
  );
});
