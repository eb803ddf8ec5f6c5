import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../../lib/core/clock.ts';
import { mapLimit } from '../../../../lib/core/concurrency.ts';
import { digestHex, digestOf } from '../../../../lib/core/digest.ts';
import { brokenBlobs, pushBlob, pushImage, startRegistry, temporaryFolder } from './support.ts';

const HOUR = 3_600_000;

describe('garbage collection', () => {
  it('frees what nothing names once its time is over, and nothing else', async () => {
    const clock = manualClock();
    const { client, registry, directory } = await startRegistry({ clock });
    const image = await pushImage(client, 'a', 'v1');
    const loose = await pushBlob(client, 'a', 'loose');
    await pushBlob(client, 'b', 'loose');
    expect(await registry.store.collectGarbage()).toEqual({ freedBytes: 0, blobs: 0, uploads: 0 });
    clock.advance(2 * HOUR);
    // A client that asks for a blob is about to name it in a manifest.
    expect(await client('HEAD', `/v2/b/blobs/${loose}`)).toMatchObject({ status: 200 });
    expect(await registry.store.collectGarbage()).toEqual({ freedBytes: 0, blobs: 0, uploads: 0 });
    expect(await client('HEAD', `/v2/a/blobs/${loose}`)).toMatchObject({ status: 404 });
    expect((await client('GET', `/v2/b/blobs/${loose}`)).body.toString()).toBe('loose');
    clock.advance(2 * HOUR);
    expect(await registry.store.collectGarbage()).toEqual({ freedBytes: 5, blobs: 1, uploads: 0 });
    expect(await client('GET', `/v2/a/manifests/${image.digest}`)).toMatchObject({ status: 200 });
    await client('DELETE', `/v2/a/manifests/${image.digest}`);
    clock.advance(2 * HOUR);
    expect(await registry.store.collectGarbage()).toMatchObject({ blobs: 3 });
    expect(await readdir(join(directory, 'blobs', 'sha256'))).toEqual([]);
    expect(registry.store.diskUsage()).toMatchObject({ blobs: 0, bytes: 0 });
  });

  it('spares what was pushed beside an upload still in progress, however long it takes', async () => {
    const clock = manualClock();
    const { client, registry } = await startRegistry({ clock });
    const { headers } = await client('POST', '/v2/a/blobs/uploads/');
    const first = await pushBlob(client, 'a', 'first layer');
    clock.advance(5 * HOUR);
    await client('PATCH', String(headers.location), { body: 'second layer' });
    expect(await registry.store.collectGarbage()).toMatchObject({ blobs: 0 });
    expect(await client('HEAD', `/v2/a/blobs/${first}`)).toMatchObject({ status: 200 });
    clock.advance(30 * HOUR);
    expect(await registry.store.collectGarbage()).toEqual({ freedBytes: 23, blobs: 1, uploads: 1 });
    expect(await client('GET', String(headers.location))).toMatchObject({ status: 404 });
  });

  it('says before what it frees, to the byte, and does it when the developer asks', async () => {
    const clock = manualClock();
    const { client, registry, directory } = await startRegistry({ clock });
    await pushImage(client, 'a', 'v1');
    await pushBlob(client, 'a', 'loose');
    await pushBlob(client, 'b', 'loose');
    await pushBlob(client, 'b', 'half loose');
    await writeFile(join(directory, 'blobs', 'sha256', digestHex(digestOf('orphan'))), 'orphan');
    await client('POST', '/v2/a/blobs/uploads/');
    clock.advance(30 * HOUR);
    const disk = async () => {
      const files = await readdir(join(directory, 'blobs', 'sha256'));
      const sizes = await Promise.all(
        files.map(async (name) => (await readFile(join(directory, 'blobs', 'sha256', name))).length),
      );
      return sizes.reduce((sum, size) => sum + size, 0);
    };
    const before = await disk();
    const preview = await registry.store.collectGarbage({ dryRun: true });
    expect(preview).toEqual({ freedBytes: 5 + 10 + 6, blobs: 3, uploads: 1 });
    expect(await disk()).toBe(before);
    expect(await client('GET', '/_lading/garbage')).toMatchObject({ status: 405 });
    expect(await client('POST', '/_lading/garbage?graceMinutes=soon')).toMatchObject({ status: 400 });
    const asked = await client('POST', '/_lading/garbage?graceMinutes=60');
    expect(JSON.parse(asked.body.toString())).toEqual({ ...preview, dryRun: false });
    expect(before - (await disk())).toBe(preview.freedBytes);
    expect(await registry.store.collectGarbage({ dryRun: true })).toEqual({ freedBytes: 0, blobs: 0, uploads: 0 });
  });

  it('removes files that a crash left without a link', async () => {
    const { registry, directory } = await startRegistry();
    await writeFile(join(directory, 'blobs', 'sha256', digestHex(digestOf('orphan'))), 'orphan');
    expect(await registry.store.collectGarbage()).toEqual({ freedBytes: 6, blobs: 1, uploads: 0 });
  });

  it('beside 32 pushing clients breaks no push', async () => {
    const { client, registry, directory, problems } = await startRegistry();
    let pushing = true;
    const collecting = (async () => {
      let rounds = 0;
      for (; pushing; rounds++) await registry.store.collectGarbage({ graceMs: 60_000 });
      return rounds;
    })();
    const numbers = Array.from({ length: 150 }, (_, i) => i);
    const digests = await mapLimit(numbers, 32, async (i) => {
      // Content that others push, name and delete at the same time.
      await pushBlob(client, `r${i % 3}`, `shared ${i % 5}`);
      const image = await pushImage(client, `r${i % 3}`, `t${i % 7}`);
      if (i % 4 === 0) await client('DELETE', `/v2/r${i % 3}/manifests/${image.digest}`);
      return i % 4 === 0 ? undefined : { repository: `r${i % 3}`, ...image };
    });
    pushing = false;
    expect(await collecting).toBeGreaterThan(0);
    for (const image of digests) {
      if (!image) continue;
      expect((await client('GET', `/v2/${image.repository}/manifests/${image.digest}`)).body.toString()).toBe(
        image.bytes,
      );
      for (const blob of image.blobs) {
        expect(await client('GET', `/v2/${image.repository}/blobs/${blob}`)).toMatchObject({ status: 200 });
      }
    }
    expect(await brokenBlobs(directory)).toEqual([]);
    expect(problems).toEqual([]);
  });
});

describe('uploads left by an earlier run', () => {
  it('are swept when they are old or not whole, and go on otherwise', async () => {
    const first = await startRegistry();
    const start = async (): Promise<string> => {
      const { headers } = await first.client('POST', '/v2/a/blobs/uploads/');
      await first.client('PATCH', String(headers.location), { body: 'hello ' });
      return String(headers.location);
    };
    const [fresh, old, torn] = [await start(), await start(), await start()];
    const fileOf = (location: string): string => join(first.directory, 'uploads', location.split('/').at(-1) as string);
    await first.registry.close();
    const longAgo = new Date(Date.now() - 48 * HOUR);
    await utimes(fileOf(old), longAgo, longAgo);
    await writeFile(`${fileOf(torn)}.json`, '{"repository":"a","algo');
    await writeFile(join(first.directory, 'uploads', 'manifest-1-1'), 'half a manif');
    const { client } = await startRegistry({ directory: first.directory });
    expect(await readdir(join(first.directory, 'uploads'))).toHaveLength(2);
    for (const gone of [old, torn]) expect(await client('GET', gone)).toMatchObject({ status: 404 });
    expect(await client('GET', fresh)).toMatchObject({ status: 204, headers: { range: '0-5' } });
    await client('PATCH', fresh, { body: 'there', headers: { 'content-range': '6-10' } });
    expect(await client('PUT', `${fresh}?digest=${digestOf('hello there')}`)).toMatchObject({ status: 201 });
    expect((await client('GET', `/v2/a/blobs/${digestOf('hello there')}`)).body.toString()).toBe('hello there');
  });

  it('leave the journal as text that says what was done', async () => {
    const directory = await temporaryFolder();
    const { client, registry } = await startRegistry({ directory });
    await pushImage(client, 'a', 'v1');
    await registry.close();
    const lines = (await readFile(join(directory, 'journal.jsonl'), 'utf8')).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).type)).toEqual(['blob', 'blob', 'manifest']);
  });
});
