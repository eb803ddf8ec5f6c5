import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RegistryEvent } from '../../../../infra/local/registry/index.ts';
import type { RegistryRecord } from '../../../../infra/local/registry/records.ts';
import { createState } from '../../../../infra/local/registry/state.ts';
import { manualClock } from '../../../../lib/core/clock.ts';
import { type Digest, digestHex, digestOf } from '../../../../lib/core/digest.ts';
import { imageManifest, OCI_INDEX, OCI_MANIFEST, pushBlob, pushImage, pushManifest, startRegistry } from './support.ts';

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
