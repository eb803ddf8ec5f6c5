import { truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { digestHex } from '../../../../lib/core/digest.ts';
import { pushBlob, pushImage, startRegistry } from './support.ts';

describe('pulling blobs', () => {
  it('in ranges', async () => {
    const { client } = await startRegistry();
    const content = Buffer.from(Array.from({ length: 2_000_000 }, (_, i) => i % 251));
    const digest = await pushBlob(client, 'ranges', content);
    const get = (headers: Record<string, string>) => client('GET', `/v2/ranges/blobs/${digest}`, { headers });
    for (const [range, start, end] of [
      ['bytes=0-0', 0, 0],
      ['bytes=1000000-', 1_000_000, 1_999_999],
      ['bytes=-5', 1_999_995, 1_999_999],
      ['bytes=3-9999999', 3, 1_999_999],
    ] as const) {
      const part = await get({ range });
      expect([part.status, part.headers['content-range']]).toEqual([206, `bytes ${start}-${end}/2000000`]);
      expect(part.body.equals(content.subarray(start, end + 1))).toBe(true);
    }
    expect(await get({ range: 'bytes=2000000-' })).toMatchObject({
      status: 416,
      headers: { 'content-range': 'bytes */2000000' },
    });
    expect(await get({ range: 'bytes=0-0,2-2' })).toMatchObject({ status: 200 });
    expect(await get({ range: 'bytes=0-0', 'if-range': '"other"' })).toMatchObject({ status: 200 });
    expect(await get({ range: 'bytes=0-0', 'if-range': `"${digest}"` })).toMatchObject({ status: 206 });
    expect(await get({ 'if-none-match': `"${digest}"` })).toMatchObject({ status: 304 });
  });

  it('only through a repository that has them', async () => {
    const { client } = await startRegistry();
    const digest = await pushBlob(client, 'one', 'secret');
    expect(await client('GET', `/v2/two/blobs/${digest}`)).toMatchObject({ status: 404, codes: ['BLOB_UNKNOWN'] });
    expect(await client('DELETE', `/v2/one/blobs/${digest}`)).toMatchObject({ status: 202 });
    expect(await client('GET', `/v2/one/blobs/${digest}`)).toMatchObject({ status: 404 });
    expect(await client('DELETE', `/v2/one/blobs/${digest}`)).toMatchObject({ status: 404 });
  });

  it('not where the disk no longer has all their bytes', async () => {
    const { client, directory } = await startRegistry();
    const allTheBytes = Buffer.alloc(1_500_000, 'x');
    const digest = await pushBlob(client, 'a', allTheBytes);
    await truncate(join(directory, 'blobs', 'sha256', digestHex(digest)), 3);
    expect(await client('GET', `/v2/a/blobs/${digest}`)).toMatchObject({ status: 404, codes: ['BLOB_UNKNOWN'] });
    // The same push again mends it.
    await pushBlob(client, 'a', allTheBytes);
    expect((await client('GET', `/v2/a/blobs/${digest}`)).body.equals(allTheBytes)).toBe(true);
  });

  it('and not deleted while a manifest needs them', async () => {
    const { client } = await startRegistry();
    const { digest, blobs } = await pushImage(client, 'needed', 'latest');
    const deleteLayer = () => client('DELETE', `/v2/needed/blobs/${blobs[1]}`);
    expect(await deleteLayer()).toMatchObject({ status: 405, codes: ['DENIED'] });
    await client('DELETE', `/v2/needed/manifests/${digest}`);
    expect(await deleteLayer()).toMatchObject({ status: 202 });
  });
});
