import { readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RegistryEvent } from '../../../../infra/local/registry/index.ts';
import type { RegistryRecord } from '../../../../infra/local/registry/records.ts';
import { createState } from '../../../../infra/local/registry/state.ts';
import { manualClock } from '../../../../lib/core/clock.ts';
import { mapLimit } from '../../../../lib/core/concurrency.ts';
import { type Digest, digestHex, digestOf } from '../../../../lib/core/digest.ts';
import {
  brokenBlobs,
  imageManifest,
  OCI_INDEX,
  OCI_MANIFEST,
  pushBlob,
  pushImage,
  pushManifest,
  startRegistry,
  temporaryFolder,
} from './support.ts';

const HOUR = 3_600_000;

describe('events', () => {
  it('are told once per tag, after the write, with the types that ECR names', async () => {
    const clock = manualClock();
    const { client, registry } = await startRegistry({ clock });
    const events: RegistryEvent[] = [];
    let present = true;
    const stop = registry.onEvent((event) => {
      events.push(event);
      present &&=
        (event.kind === 'push') ===
        (registry.store.findManifest(event.repository, event.tag ?? event.digest) !== undefined);
    });
    const { digest, bytes } = await pushImage(client, 'a', 'v1');
    const base = { repository: 'a', manifestMediaType: OCI_MANIFEST, time: clock.now() };
    const image = { ...base, digest, artifactMediaType: 'application/vnd.oci.image.config.v1+json' };
    expect(events.splice(0)).toEqual([{ ...image, kind: 'push', tag: 'v1' }]);
    await pushManifest(client, 'a', `${digest}?tag=x&tag=y`, bytes);
    expect(events.splice(0)).toEqual([
      { ...image, kind: 'push', tag: 'x' },
      { ...image, kind: 'push', tag: 'y' },
    ]);
    const untagged = await pushImage(client, 'a', undefined, { artifactType: 'application/sbom' });
    const sbom = { ...base, digest: untagged.digest, artifactMediaType: 'application/sbom' };
    expect(events.splice(0)).toEqual([{ ...sbom, kind: 'push' }]);

    await registry.store.deleteTag('a', 'x');
    expect(events.splice(0)).toEqual([{ ...image, kind: 'delete', tag: 'x' }]);
    await client('DELETE', `/v2/a/manifests/${digest}`);
    expect(events.splice(0)).toEqual([
      { ...image, kind: 'delete', tag: 'v1' },
      { ...image, kind: 'delete', tag: 'y' },
    ]);
    await registry.store.deleteRepository('a', { force: true });
    expect(events.splice(0)).toEqual([{ ...sbom, kind: 'delete' }]);
    expect(present).toBe(true);
    stop();
    await pushImage(client, 'a', 'v2');
    expect(events).toEqual([]);
  });

  it('that a listener chokes on harm neither the push nor the other listeners', async () => {
    const { client, registry, problems } = await startRegistry();
    let heard = 0;
    registry.onEvent(() => {
      throw new Error('listener');
    });
    registry.onEvent(() => void heard++);
    await pushImage(client, 'a', 'v1');
    expect([heard, problems]).toEqual([1, [new Error('listener')]]);
  });
});

describe('the store', () => {
  it('serves the control API', async () => {
    const clock = manualClock();
    const { client, registry } = await startRegistry({ clock });
    const { store } = registry;
    expect(await store.createRepository('team/app')).toBe('created');
    expect(await store.createRepository('team/app')).toBe('exists');
    await expect(async () => store.createRepository('../app')).rejects.toMatchObject({
      code: 'repository-name-invalid',
    });
    const config = { digest: await pushBlob(client, 'team/app', '{}'), size: 2 };
    const bytes = Buffer.from(imageManifest(config, []));
    const put = await store.putManifest('team/app', { bytes, mediaType: OCI_MANIFEST, tags: ['v1'] });
    expect(put).toEqual({ outcome: 'stored', digest: digestOf(bytes), tags: ['v1'], created: true });
    clock.advance(HOUR);
    const again = await store.putManifest('team/app', { bytes, tags: ['v2'] });
    expect(again).toMatchObject({ outcome: 'stored', created: false });
    await expect(async () => store.putManifest('team/app', { bytes, tags: ['../x'] })).rejects.toMatchObject({
      code: 'tag-invalid',
    });
    expect(await store.putManifest('team/app', { bytes: Buffer.alloc(5_000_000) })).toMatchObject({
      outcome: 'too-large',
    });
    expect(await store.putManifest('team/app', { bytes, digest: digestOf('x') })).toMatchObject({
      outcome: 'digest-mismatch',
    });
    expect(await store.putManifest('other', { bytes })).toEqual({
      outcome: 'unknown-references',
      missing: [config.digest],
    });

    const [stored] = store.listManifests('team/app');
    expect(stored).toMatchObject({
      digest: digestOf(bytes),
      tags: ['v1', 'v2'],
      size: bytes.length,
      mediaType: OCI_MANIFEST,
    });
    // A second push of the same digest does not make it younger; its new tag has its own time.
    expect(stored?.pushedAt.getTime()).toBe(clock.now().getTime() - HOUR);
    expect(store.tags('team/app').map(({ tag, pushedAt }) => [tag, pushedAt.getTime()])).toEqual([
      ['v1', clock.now().getTime() - HOUR],
      ['v2', clock.now().getTime()],
    ]);
    expect((await store.getManifest('team/app', 'v2'))?.bytes).toEqual(bytes);
    expect(store.blobSize('team/app', config.digest)).toBe(2);
    expect(store.diskUsage()).toEqual({ blobs: 2, bytes: 2 + bytes.length, uploads: 0, uploadBytes: 0 });
    expect(await store.deleteRepository('team/app')).toBe('not-empty');
    expect(await store.deleteManifest('team/app', digestOf(bytes))).toEqual({
      outcome: 'deleted',
      digest: digestOf(bytes),
    });
    expect(await store.deleteManifest('team/app', digestOf(bytes))).toEqual({ outcome: 'unknown' });
    expect(await store.deleteRepository('team/app')).toBe('deleted');
    expect(await store.deleteRepository('team/app')).toBe('unknown');
    expect(store.listRepositories()).toEqual([]);
  });

  it('is the same after a restart', async () => {
    const first = await startRegistry();
    const { client } = first;
    const image = await pushImage(client, 'a', 'v1');
    await pushManifest(client, 'a', 'v2', image.bytes);
    const subject = { mediaType: OCI_MANIFEST, digest: image.digest, size: image.bytes.length };
    await pushImage(client, 'a', undefined, { subject, artifactType: 'application/sbom' });
    const child = { mediaType: OCI_MANIFEST, digest: image.digest, size: image.bytes.length };
    const index = JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [child] });
    await pushManifest(client, 'a', 'index', index, OCI_INDEX);
    await pushBlob(client, 'b', 'loose');
    await client('DELETE', '/v2/a/manifests/v1');
    const view = ({ store }: typeof first.registry) => ({
      repositories: store.listRepositories(),
      manifests: store.listManifests('a'),
      tags: store.tags('a'),
      referrers: store.referrers('a', image.digest),
      usage: store.diskUsage(),
    });
    const before = view(first.registry);
    await first.registry.close();
    const second = await startRegistry({ directory: first.directory });
    expect(view(second.registry)).toEqual(before);
    expect(await second.registry.store.deleteManifest('a', image.digest)).toMatchObject({
      outcome: 'referenced',
      by: digestOf(index),
    });
    expect((await second.client('GET', '/v2/a/manifests/v2')).body.toString()).toBe(image.bytes);
  });

  it('treats as absent what lost its file, says so, and is mended by a push', async () => {
    const first = await startRegistry();
    const { blobs, bytes } = await pushImage(first.client, 'a', 'v1');
    await first.registry.close();
    await rm(join(first.directory, 'blobs', 'sha256', digestHex(blobs[1] as Digest)));
    const { client, problems } = await startRegistry({ directory: first.directory });
    expect(problems).toEqual([expect.objectContaining({ code: 'registry-content-lost' })]);
    expect(await client('HEAD', `/v2/a/blobs/${blobs[1]}`)).toMatchObject({ status: 404 });
    expect(await pushManifest(client, 'a', 'v2', bytes)).toMatchObject({ codes: ['MANIFEST_BLOB_UNKNOWN'] });
  });

  it('replays to the same state from the records and from its own snapshot of them', () => {
    const digest = fc.constantFrom(...['a', 'b', 'c', 'd'].map(digestOf));
    const repository = fc.constantFrom('x', 'y');
    const tag = fc.constantFrom('1', '2', '3');
    const at = fc.nat(1000);
    const reference = fc.record({ digest, size: fc.constant(1) });
    const manifest = fc.record(
      {
        mediaType: fc.constant(OCI_MANIFEST),
        size: fc.constant(1),
        subject: digest,
        blobs: fc.array(reference, { maxLength: 3 }),
        children: fc.array(reference, { maxLength: 2 }),
      },
      { requiredKeys: ['mediaType', 'size', 'blobs', 'children'] },
    );
    // The content of a digest is fixed, and so is what its manifest names.
    const manifests = fc.dictionary(digest, manifest, { minKeys: 1 });
    const record = (known: Readonly<Record<string, object>>): fc.Arbitrary<RegistryRecord> =>
      fc.oneof(
        fc.record({ type: fc.constant('repository' as const), repository, at }),
        fc.record({ type: fc.constant('repository-deleted' as const), repository }),
        fc.record({ type: fc.constant('blob' as const), repository, digest, size: fc.constant(1), at }),
        fc.record({ type: fc.constant('blobs-deleted' as const), repository, digests: fc.array(digest) }),
        fc
          .record({
            type: fc.constant('manifest' as const),
            repository,
            digest: fc.constantFrom(...(Object.keys(known) as Digest[])),
            tags: fc.array(tag),
            at,
          })
          .map((rest) => ({ ...rest, manifest: known[rest.digest] }) as RegistryRecord),
        fc.record({ type: fc.constant('manifest-deleted' as const), repository, digest }),
        fc.record({ type: fc.constant('tag' as const), repository, tag, digest, at }),
        fc.record({ type: fc.constant('tag-deleted' as const), repository, tag }),
      );
    const view = (state: ReturnType<typeof createState>) =>
      [...state.repositories.values()].map((each) => ({
        name: each.name,
        manifests: new Map(
          [...each.manifests].map(([key, { summary, tags, pushedAt }]) => [
            key,
            { summary, tags: new Set([...tags].sort()), pushedAt },
          ]),
        ),
        tags: each.tags,
        blobs: each.blobs,
        namedBy: each.namedBy,
        referrers: each.referrers,
      }));
    fc.assert(
      fc.property(
        manifests.chain((known) => fc.array(record(known), { maxLength: 60 })),
        (records) => {
          const [state, copy] = [createState(), createState()];
          for (const each of records) state.apply(each);
          for (const each of JSON.parse(JSON.stringify([...state.snapshot()])) as RegistryRecord[]) copy.apply(each);
          expect(view(copy)).toEqual(view(state));
          expect(new Map(copy.contents)).toEqual(new Map(state.contents));
          const links = new Map<Digest, number>();
          for (const { blobs, manifests: stored, tags } of state.repositories.values()) {
            for (const key of [...blobs.keys(), ...stored.keys()]) links.set(key, (links.get(key) ?? 0) + 1);
            for (const [name, { digest: to }] of tags) expect(stored.get(to)?.tags.has(name)).toBe(true);
          }
          expect(new Map([...state.contents].map(([key, { links: count }]) => [key, count]))).toEqual(links);
        },
      ),
    );
  });
});

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
