import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mapLimit } from '../../../../lib/core/concurrency.ts';
import { digestHex, digestOf } from '../../../../lib/core/digest.ts';
import { brokenBlobs, pushBlob, pushImage, startRegistry } from './support.ts';

describe('32 clients', () => {
  it('pushing one tag leave it at one of theirs, whole, and every digest pullable; a restart agrees', async () => {
    const first = await startRegistry();
    const { client, registry } = first;
    const last: string[] = [];
    registry.onEvent(({ digest }) => void last.push(digest));
    const images = await mapLimit(Array.from({ length: 64 }), 32, () => pushImage(client, 'busy', 'latest'));
    const tagged = registry.store.findManifest('busy', 'latest');
    // Events come in the order of the writes.
    expect(tagged?.digest).toBe(last.at(-1));
    expect(registry.store.listManifests('busy').filter(({ tags }) => tags.length > 0)).toHaveLength(1);
    for (const { digest, bytes } of images) {
      expect((await client('GET', `/v2/busy/manifests/${digest}`)).body.toString()).toBe(bytes);
    }
    await registry.close();
    const second = await startRegistry({ directory: first.directory });
    expect(second.registry.store.findManifest('busy', 'latest')?.digest).toBe(tagged?.digest);
  });

  it('pushing the same blob store it once', async () => {
    const { client, directory } = await startRegistry();
    const content = Buffer.alloc(1_000_000, 'same');
    await mapLimit(Array.from({ length: 32 }), 32, (_, i) => pushBlob(client, `r${i % 4}`, content));
    expect(await readdir(join(directory, 'blobs', 'sha256'))).toEqual([digestHex(digestOf(content))]);
    expect(await readdir(join(directory, 'uploads'))).toEqual([]);
    expect(await brokenBlobs(directory)).toEqual([]);
  });

  it('sending chunks to one upload cannot mix them', async () => {
    const { client } = await startRegistry();
    const { headers } = await client('POST', '/v2/a/blobs/uploads/');
    const location = String(headers.location);
    const chunk = (start: number) =>
      client('PATCH', location, {
        body: Buffer.alloc(1000, start),
        headers: { 'content-range': `${start}-${start + 999}` },
      });
    const answers = await mapLimit(Array.from({ length: 32 }), 32, () => chunk(0));
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 416)).toHaveLength(31);
    const done = await client('PUT', `${location}?digest=${digestOf(Buffer.alloc(1000, 0))}`);
    expect(done.status).toBe(201);
  });
});
