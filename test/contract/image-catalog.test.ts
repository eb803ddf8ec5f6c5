import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manualClock } from '../../lib/core/clock.ts';
import { type Digest, digestOf } from '../../lib/core/digest.ts';
import { dynamoCatalog, dynamoLayerChains } from '../../lib/inventory/adapters/dynamo-catalog.ts';
import { memoryCatalog } from '../../lib/inventory/adapters/memory-catalog.ts';
import type { CatalogChanges, CatalogEntry, ImageCatalog, LayerChains } from '../../lib/inventory/index.ts';
import { startDynamo } from '../support/dynamo.ts';

const digest = (name: string): Digest => digestOf(name);

function entry(name: string, more: Partial<CatalogEntry> = {}): CatalogEntry {
  return {
    registry: 'r.example',
    repository: 'team/app',
    digest: digest(name),
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    artifactClass: 'image',
    children: [],
    layers: [{ digest: digest(`${name} layer`), mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', size: 10 }],
    sizeBytes: 12,
    labels: { 'org.opencontainers.image.source': 'x', __proto__x: 'y' },
    pushedAt: '2026-01-01T00:00:00.000Z',
    firstSeenAt: '2026-01-01T00:00:01.000Z',
    ...more,
  };
}

let dynamo: Awaited<ReturnType<typeof startDynamo>>;
beforeAll(async () => {
  dynamo = await startDynamo();
});
afterAll(() => dynamo.close());

const clock = manualClock('2026-02-15T00:00:00.000Z');
const kinds: Record<string, () => ImageCatalog & LayerChains & CatalogChanges> = {
  memory: () => memoryCatalog(clock),
  dynamodb: () => ({
    ...dynamoCatalog(dynamo.table, clock),
    ...dynamoLayerChains(dynamo.table),
  }),
};

describe.each(Object.entries(kinds))('the image catalogue (%s)', (_kind, make) => {
  let catalog: ImageCatalog & LayerChains & CatalogChanges;
  const of = { registry: 'r.example', repository: 'team/app' };
  const at = (name: string) => ({ ...of, digest: digest(name) });
  beforeAll(() => {
    catalog = make();
  });

  it('enters an image, again without change, and keeps when it was first seen', async () => {
    await catalog.enter(entry('a'));
    await catalog.enter(entry('a', { firstSeenAt: '2026-01-09T00:00:00.000Z' }));
    expect(await catalog.find(at('a'))).toEqual(entry('a'));
    expect(await catalog.find(at('absent'))).toBeUndefined();
  });

  it('knows every place where a digest was', async () => {
    await catalog.enter(entry('a', { repository: 'team/app' }));
    expect(await catalog.placesOf(digest('a'))).toEqual([at('a')]);
    expect(await catalog.placesOf(digest('nowhere'))).toEqual([]);
  });

  it('knows parents and referrers', async () => {
    const child = { digest: digest('a'), mediaType: entry('a').mediaType, size: 5, platform: 'linux/amd64' };
    await catalog.enter(entry('index', { artifactClass: 'index', children: [child], layers: [] }));
    await catalog.enter(entry('signature', { artifactClass: 'signature', referrerOf: digest('a') }));
    expect(await catalog.parentsOf(at('a'))).toEqual([digest('index')]);
    expect(await catalog.referrersOf(at('a'))).toEqual([digest('signature')]);
    await catalog.markDeleted(at('index'), '2026-01-03T00:00:00.000Z');
    expect(await catalog.parentsOf(at('a'))).toEqual([]);
    expect((await catalog.find(at('index')))?.deletedAt).toBe('2026-01-03T00:00:00.000Z');
  });

  it('binds tags by the time of the event, in whatever order the events come', async () => {
    const bind = (name: string | undefined, boundAt: string) =>
      catalog.bindTag({ ...of, tag: 'latest', digest: name === undefined ? undefined : digest(name), boundAt });
    expect(await bind('b', '2026-01-02T00:00:00.000Z')).toBe('bound');
    expect(await bind('a', '2026-01-01T00:00:00.000Z')).toBe('older');
    expect((await catalog.tag(of, 'latest'))?.digest).toBe(digest('b'));
    expect(await bind(undefined, '2026-01-03T00:00:00.000Z')).toBe('bound');
    expect(await bind('b', '2026-01-02T12:00:00.000Z')).toBe('older');
    expect(await Array.fromAsync(catalog.tags(of))).toEqual([
      { ...of, tag: 'latest', digest: undefined, boundAt: '2026-01-03T00:00:00.000Z' },
    ]);
  });

  it('lists repositories, live entries, and the newest first', async () => {
    await catalog.enter(entry('new', { pushedAt: '2026-02-01T00:00:00.000Z' }));
    expect(await Array.fromAsync(catalog.repositories())).toEqual([of]);
    const live = (await Array.fromAsync(catalog.entries(of))).map((one) => one.digest).sort();
    expect(live).toEqual([digest('a'), digest('new'), digest('signature')].sort());
    const all = await Array.fromAsync(catalog.entries(of, { deleted: true }));
    expect(all.map((one) => one.digest).sort()).toEqual([...live, digest('index')].sort());
    expect((await catalog.recent(2)).map((one) => one.digest)[0]).toBe(digest('new'));
    expect(await catalog.recent(2)).toHaveLength(2);
  });

  it('brings a deleted image back when it is pushed again', async () => {
    await catalog.markDeleted(at('a'), '2026-01-04T00:00:00.000Z');
    await catalog.markDeleted(at('never there'), '2026-01-04T00:00:00.000Z');
    await catalog.enter(entry('a'));
    expect((await catalog.find(at('a')))?.deletedAt).toBeUndefined();
  });

  it('knows what lies in the archive when it is gone from its registry', async () => {
    const of = { registry: 'r.example', repository: 'old/app' };
    const gone = { ...of, digest: digest('gone') };
    const archived = { ...of, digest: digest('archived') };
    for (const name of ['gone', 'archived']) await catalog.enter(entry(name, of));
    await catalog.markArchived(archived, '2026-01-03T00:00:00.000Z');
    for (const one of [gone, archived]) await catalog.markDeleted(one, '2026-01-04T00:00:00.000Z');
    const digests = async (options: Parameters<ImageCatalog['entries']>[1]) =>
      (await Array.fromAsync(catalog.entries(of, options))).map((one) => one.digest).sort();
    expect(await digests({})).toEqual([]);
    expect(await digests({ archived: true })).toEqual([digest('archived')]);
    expect(await digests({ deleted: true })).toEqual([digest('gone'), digest('archived')].sort());
    await catalog.enter(entry('archived', of));
    expect(await catalog.find(archived)).toEqual(entry('archived', { ...of, archivedAt: '2026-01-03T00:00:00.000Z' }));
    await catalog.markArchived(archived, undefined);
    await catalog.markArchived({ ...of, digest: digest('never there') }, '2026-01-03T00:00:00.000Z');
    expect(await catalog.find(archived)).toEqual(entry('archived', of));
    expect(await catalog.find({ ...of, digest: digest('never there') })).toBeUndefined();
    for (const one of [gone, archived]) await catalog.markDeleted(one, '2026-01-04T00:00:00.000Z');
  });

  it('knows the first image of exactly some layers, which is never a copy', async () => {
    const chainId = digest('chain');
    const repository = 'team/bases';
    const base = { ...of, repository, digest: digest('base') };
    await catalog.enter(
      entry('copy', { repository, chainId, replicaOf: 'r2.example', pushedAt: '2024-02-01T00:00:00.000Z' }),
    );
    expect(await catalog.firstWith(chainId)).toBeUndefined();
    for (const name of ['base', 'again'])
      await catalog.enter(entry(name, { repository, chainId, pushedAt: '2024-02-01T00:00:00.000Z' }));
    expect(await catalog.firstWith(chainId)).toEqual(base);
    for (const name of ['copy', 'base', 'again'])
      await catalog.markDeleted({ ...base, digest: digest(name) }, '2026-01-02T00:00:00.000Z');
    expect(await catalog.firstWith(chainId)).toEqual(base);
  });

  it('notes what was written, and tells it from a time on', async () => {
    const of = { registry: 'r.example', repository: 'noted' };
    const began = clock.now();
    await catalog.enter(entry('noted', of));
    clock.advance(60_000);
    const since = clock.now();
    await catalog.bindTag({ ...of, tag: 'v1', digest: digest('noted'), boundAt: '2026-02-01T00:00:00.000Z' });
    await catalog.markDeleted({ ...of, digest: digest('noted') }, '2026-02-02T00:00:00.000Z');
    const told = async (from: Date) =>
      new Set((await Array.fromAsync(catalog.changes(of, from))).map((one) => JSON.stringify(one)));
    const changes = [
      { kind: 'tag', tag: 'v1' },
      { kind: 'manifest', digest: digest('noted') },
    ];
    expect(await told(since)).toEqual(new Set(changes.map((one) => JSON.stringify(one))));
    expect(await told(began)).toEqual(await told(since));
    clock.advance(60_000);
    expect(await told(clock.now())).toEqual(new Set());
  });
});
