import { zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryInventoryStore } from '../../../lib/sbom/adapters/memory.ts';
import { inventoryImage, type LayerInventory } from '../../../lib/sbom/index.ts';
import { layersFate } from '../../../lib/storage/advice/file-state.ts';
import { repeatedNames } from '../../../lib/storage/advice/repeated-files.ts';
import {
  adviseImage,
  findNearDuplicates,
  type LayerContents,
  profileOf,
  readContents,
} from '../../../lib/storage/index.ts';
import { type TarEntryInput, tarArchive } from '../../support/tar-writer.ts';
import { type BuiltLayer, buildLayer } from '../sbom/image-builder.ts';

async function* bytesOf(blob: Buffer): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < blob.length; i += 7_000) yield blob.subarray(i, i + 7_000);
}

async function inventoriesOf(layers: readonly BuiltLayer[]): Promise<readonly LayerInventory[]> {
  const blobs = new Map(layers.map(({ descriptor, blob }) => [descriptor.digest, blob]));
  const { layers: read } = await inventoryImage(
    { layers: layers.map(({ descriptor }) => descriptor) },
    {
      source: { open: ({ digest }) => bytesOf(blobs.get(digest) ?? Buffer.alloc(0)) },
      inventories: memoryInventoryStore(),
    },
  );
  const known = read.flatMap(({ inventory }) => inventory ?? []);
  expect(known).toHaveLength(layers.length);
  return known;
}

async function contentsOf({ descriptor, blob, diffId }: BuiltLayer, options = {}): Promise<LayerContents> {
  const read = await readContents({ ...descriptor, diffId }, bytesOf(blob), options);
  if (read.status !== 'read') throw new Error(read.message);
  return read.contents;
}

const file = (path: string, bytes: number, fill = path): TarEntryInput => ({
  path,
  content: Buffer.alloc(bytes, fill),
});

describe('the fate of files', () => {
  it('tells what was deleted, replaced and seen, whatever the order in the archive', async () => {
    const [low, high] = await inventoriesOf([
      buildLayer([file('a/kept', 10), file('a/gone', 20), file('b/one', 30), file('b/two', 40), file('c', 50)]),
      buildLayer([
        { path: 'b/three', content: Buffer.alloc(5) },
        { path: 'b/.wh..wh..opq', content: Buffer.alloc(0) },
        { path: 'a/.wh.gone', content: Buffer.alloc(0) },
        file('c', 7),
      ]),
    ]);
    const { layers, visible } = layersFate([low?.tree ?? '', high?.tree ?? '']);
    expect(layers[0]).toMatchObject({
      contentBytes: 150,
      deleted: { bytes: 90, files: 3, largest: [{ path: 'b/two', bytes: 40 }, { path: 'b/one' }, { path: 'a/gone' }] },
      replaced: { bytes: 50, files: 1 },
    });
    expect(layers[1]).toMatchObject({ contentBytes: 12, deleted: { bytes: 0 }, replaced: { bytes: 0 } });
    expect(new Map(visible.map(({ path, bytes }) => [path, bytes]))).toEqual(
      new Map([
        ['a/kept', 10],
        ['b/three', 5],
        ['c', 7],
      ]),
    );
  });

  it('lets bytes live as long as one of their names', async () => {
    const inventories = await inventoriesOf([
      buildLayer([
        file('hl/orig', 17),
        { path: 'hl/one', type: 'hardlink', linkname: 'hl/orig' },
        file('gone/orig', 5),
        { path: 'gone/one', type: 'hardlink', linkname: 'gone/orig' },
      ]),
      buildLayer([
        { path: 'hl/.wh.orig', content: '' },
        { path: '.wh.gone', content: '' },
      ]),
    ]);
    const { layers, visible } = layersFate(inventories.map(({ tree }) => tree));
    expect(layers[0]).toMatchObject({ contentBytes: 22, deleted: { bytes: 5, files: 1 } });
    expect(visible).toEqual([{ path: 'hl/orig', bytes: 17, layer: 0 }]);
  });

  it('follows links on the way inside the image, and ends in loops of links', async () => {
    const inventories = await inventoriesOf([
      buildLayer([
        file('usr/lib/x', 10),
        { path: 'lib', type: 'symlink', linkname: '/usr/lib' },
        { path: 'loop', type: 'symlink', linkname: 'loop' },
      ]),
      buildLayer([file('lib/x', 3), { path: 'lib/.wh.y', content: Buffer.alloc(0) }, file('loop/z', 4)]),
    ]);
    const { layers, visible } = layersFate(inventories.map(({ tree }) => tree));
    expect(layers[0]).toMatchObject({ replaced: { bytes: 10, files: 1 } });
    expect(visible.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(7);
  });

  it('loses no byte: what a layer holds is seen, deleted or replaced', async () => {
    const path = fc
      .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 })
      .map((parts) => parts.join('/'));
    const something = fc.oneof(
      fc.record({ path, content: fc.nat(40).map((n) => Buffer.alloc(n)) }),
      fc.record({ path: path.map((one) => `${one}/`), type: fc.constant('directory' as const) }),
      fc.record({ path, type: fc.constant('symlink' as const), linkname: path }),
      fc.record({ path, type: fc.constant('hardlink' as const), linkname: path }),
      fc.record({ path: path.map((one) => one.replace(/[^/]*$/, '.wh.$&')), content: fc.constant(Buffer.alloc(0)) }),
      fc.record({ path: path.map((one) => `${one}/.wh..wh..opq`), content: fc.constant(Buffer.alloc(0)) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(something, { maxLength: 8 }), { maxLength: 4 }), async (layers) => {
        const inventories = await inventoriesOf(layers.map((entries) => buildLayer(entries)));
        const { layers: fates, visible } = layersFate(inventories.map(({ tree }) => tree));
        for (const [i, fate] of fates.entries()) {
          const seen = visible.filter(({ layer }) => layer === i).reduce((sum, { bytes }) => sum + bytes, 0);
          expect(seen + fate.deleted.bytes + fate.replaced.bytes).toBe(fate.contentBytes);
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe('a pass over the contents', () => {
  const files = Array.from({ length: 20 }, (_, i) => file(`opt/f${i}`, 5_000 + i, `content of ${i} `));

  it('finds the same contents under other times and another order, and others otherwise', async () => {
    const plain = await contentsOf(buildLayer(files, 'gzip'));
    const touched = files.toReversed().map((one) => ({ ...one, mtime: 1_700_000_000 }));
    const again = await contentsOf(buildLayer(touched, 'gzip'));
    const other = await contentsOf(buildLayer([...files.slice(1), file('opt/f0', 5_000, 'other')], 'gzip'));
    expect(again.digest).not.toBe(plain.digest);
    expect(again.content).toBe(plain.content);
    expect(other.content).not.toBe(plain.content);
    expect(plain.files).toHaveLength(20);
  });

  it('measures what zstd makes of the archive, whole or of its beginning', async () => {
    const archive = tarArchive(files);
    const layer = buildLayer(archive, 'gzip');
    const { zstd } = await contentsOf(layer, { zstdLevel: 3 });
    expect(zstd).toMatchObject({ level: 3, unpacked: archive.length, whole: true });
    // Of one piece and of many, zstd makes nearly the same.
    expect(Math.abs((zstd?.packed ?? 0) / zstdCompressSync(archive).length - 1)).toBeLessThan(0.05);
    const sample = await contentsOf(layer, { zstdLevel: 3, sampleBytes: 20_000 });
    expect(sample.zstd).toMatchObject({ unpacked: 20_000, whole: false });
    expect((await contentsOf(layer)).zstd).toBeUndefined();
  });

  it('never believes bytes that are not what the digest says, and stops at caps', async () => {
    const layer = buildLayer(files, 'gzip');
    const damaged = Buffer.from(layer.blob);
    damaged[100] = (damaged[100] ?? 0) ^ 1;
    expect(await readContents(layer.descriptor, bytesOf(damaged))).toMatchObject({ status: 'unreadable' });
    expect(
      await readContents(layer.descriptor, bytesOf(layer.blob), { limits: { maxEntries: 5 }, zstdLevel: 3 }),
    ).toMatchObject({ status: 'limit-exceeded' });
    expect(await readContents(layer.descriptor, bytesOf(layer.blob), { limits: { maxPackedBytes: 5 } })).toMatchObject({
      status: 'limit-exceeded',
    });
  });
});

describe('near duplicates', () => {
  const files = (count: number, mark = '') =>
    Array.from({ length: count }, (_, i) => file(`srv/f${i}`, 4_100 + i, `${i} ${mark}`));

  it('are the same archive, the same contents, the same listing, or similar, the surest first', async () => {
    const archive = tarArchive(files(30));
    const layers = [
      buildLayer(archive, 'gzip'),
      buildLayer(archive, 'zstd'),
      buildLayer(files(30, 'x'), 'gzip'),
      buildLayer(
        files(30, 'x').map((one) => ({ ...one, mtime: 5 })),
        'gzip',
      ),
      buildLayer([...files(40, 'x'), file('srv/new', 9_999)], 'gzip'),
      buildLayer([...files(40, 'x'), file('srv/newer', 8_888)], 'gzip'),
      buildLayer([file('alone', 5_000), file('b', 1), file('c', 2), file('d', 3)], 'gzip'),
    ];
    const profiles = (await inventoriesOf(layers)).map(profileOf);
    const at = (i: number) => layers[i]?.descriptor.digest;
    const unread = findNearDuplicates(profiles);
    const kinds = new Map(unread.map(({ kind, layers: of }) => [kind, new Set(of.map(({ digest }) => digest))]));
    expect(kinds).toEqual(
      new Map([
        ['same-archive', new Set([at(0), at(1)])],
        ['same-files', new Set([at(2), at(3)])],
        ['similar', new Set([at(4), at(5)])],
      ]),
    );
    const contents = new Map<LayerContents['digest'], LayerContents>();
    for (const layer of layers) contents.set(layer.descriptor.digest, await contentsOf(layer));
    expect(findNearDuplicates(profiles, contents).map(({ kind }) => kind)).toContain('same-content');
    expect(findNearDuplicates(profiles, contents).map(({ kind }) => kind)).not.toContain('same-files');
    const wasted = unread.find(({ kind }) => kind === 'same-archive')?.wasted;
    expect(wasted).toBe(Math.max(layers[0]?.blob.length ?? 0, layers[1]?.blob.length ?? 0));
  });

  it('are not layers of the same listing whose bytes were read and differ', async () => {
    const layers = ['one', 'two'].map((mark) => buildLayer(files(6, mark), 'gzip'));
    const profiles = (await inventoriesOf(layers)).map(profileOf);
    // Same sizes, other bytes.
    expect(findNearDuplicates(profiles).map(({ kind }) => kind)).toEqual(['same-files']);
    const contents = new Map<LayerContents['digest'], LayerContents>();
    for (const layer of layers) contents.set(layer.descriptor.digest, await contentsOf(layer));
    expect(findNearDuplicates(profiles, contents).filter(({ kind }) => kind !== 'similar')).toEqual([]);
  });
});

describe('advice on an image', () => {
  it('names caches, files in several layers, lost bytes, recompression, and what would load lazily', async () => {
    const big = Buffer.alloc(80_000, 'a library that is copied');
    const layers = [
      buildLayer(
        [file('var/lib/apt/lists/x', 30_000), { path: 'opt/lib.so', content: big }, file('tmp/x', 9_000)],
        'gzip',
      ),
      buildLayer(
        [
          { path: 'srv/lib.so', content: big },
          file('home/app/.npm/_cacache/y', 20_000),
          { path: 'tmp/.wh.x', content: Buffer.alloc(0) },
        ],
        'gzip',
      ),
    ];
    const inventories = await inventoriesOf(layers);
    const contents = await Promise.all(layers.map((one) => contentsOf(one, { zstdLevel: 3 })));
    const input = layers.map(({ descriptor: { digest, size } }, i) => ({
      digest,
      bytes: size,
      inventory: inventories[i],
      contents: contents[i],
    }));
    const advice = adviseImage({ layers: input, referrerTypes: [] });
    expect(advice.caches.map(({ tool, bytes, where, layers: at }) => [tool, bytes, where, at])).toEqual([
      ['apt', 30_000, 'var/lib/apt/lists/', [0]],
      ['npm', 20_000, 'home/app/.npm/_cacache/', [1]],
    ]);
    expect(advice.deleted).toMatchObject({ bytes: 9_000, files: 1 });
    expect(advice.packedEstimate).toBeGreaterThan(0);
    expect(advice.repeated).toMatchObject({ by: 'contents', wasted: 80_000, count: 1 });
    expect(advice.layers[0]?.recompression).toMatchObject({ basis: 'whole', before: layers[0]?.blob.length });
    expect(advice.lazyLoading.map(({ method, verdict }) => [method, verdict])).toEqual([
      ['soci', 'not-possible'],
      ['estargz', 'little-gain'],
    ]);
    const known = adviseImage({ layers: input.map((one) => ({ ...one, contents: undefined })), referrerTypes: [] });
    // Names alone do not see that the two libraries are one.
    expect(known.repeated).toMatchObject({ by: 'names', wasted: 0 });
    const blind = adviseImage({
      layers: input.map((one) => ({ ...one, inventory: undefined, contents: undefined })),
      referrerTypes: [],
    });
    expect(blind).toMatchObject({ unknown: 2, caches: [], deleted: { bytes: 0 } });
    expect(repeatedNames(inventories.map(({ tree }) => tree)).count).toBe(0);
  });

  it('tells large images apart by what an index or a conversion would bring', async () => {
    const inventory = (await inventoriesOf([buildLayer([file('a', 10), file('b', 9)], 'gzip')]))[0];
    const large = (more: Partial<LayerInventory> = {}) => ({
      digest: inventory?.digest ?? ('' as never),
      bytes: 300 * 1024 * 1024,
      inventory: inventory && { ...inventory, contentBytes: 900 * 1024 * 1024, ...more },
      contents: undefined,
    });
    const verdicts = (layers: ReturnType<typeof large>[], types: string[] = []) =>
      adviseImage({ layers, referrerTypes: types }).lazyLoading.map(({ verdict }) => verdict);
    expect(verdicts([large()])).toEqual(['suitable', 'suitable']);
    expect(verdicts([large({ compression: 'zstd' })])).toEqual(['not-possible', 'suitable']);
    expect(verdicts([large()], ['application/vnd.amazon.soci.index.v1+json'])).toEqual(['already', 'suitable']);
    expect(verdicts([large({ tree: 'f1 stargz.index.json' })])).toEqual(['suitable', 'already']);
    expect(verdicts([large({ tree: `f${(600 * 1024 * 1024).toString(36)} model.bin` })])).toEqual([
      'little-gain',
      'little-gain',
    ]);
  });
});
