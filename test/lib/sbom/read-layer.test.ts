import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../lib/core/digest.ts';
import { fileKinds } from '../../../lib/sbom/catalogers/index.ts';
import { kindVersions, readInventory } from '../../../lib/sbom/layers/inventory.ts';
import { defaultLayerLimits, type LayerLimits } from '../../../lib/sbom/layers/limits.ts';
import { readLayer } from '../../../lib/sbom/layers/read-layer.ts';
import type { LayerExpectation, LayerReading } from '../../../lib/sbom/layers/reading.ts';
import { metaEntry, padded, paxRecords, tarArchive, tarEntry, tarHeader } from '../../support/tar-writer.ts';
import { apkDatabase, type BuiltLayer, buildLayer, dpkgStatus, osRelease, packageJson } from './image-builder.ts';

async function read(
  layer: BuiltLayer,
  options: {
    readonly limits?: Partial<LayerLimits>;
    readonly expected?: Partial<LayerExpectation>;
    readonly signal?: AbortSignal;
    readonly step?: number;
  } = {},
): Promise<LayerReading & { readonly passes: number }> {
  let passes = 0;
  const open = async function* () {
    passes++;
    const step = options.step ?? 10_000;
    for (let at = 0; at < layer.blob.length; at += step) yield layer.blob.subarray(at, at + step);
  };
  const reading = await readLayer({ ...layer.descriptor, diffId: layer.diffId, ...options.expected }, open, {
    kinds: fileKinds,
    limits: { ...defaultLayerLimits, ...options.limits },
    signal: options.signal,
  });
  return { ...reading, passes };
}

const inventoryOf = async (layer: BuiltLayer) => {
  const reading = await read(layer);
  if (reading.status !== 'read') throw new Error(`${reading.status}: ${reading.message}`);
  return reading.inventory;
};

describe('reading a layer', () => {
  const entries = [
    osRelease('alpine', '3.20'),
    apkDatabase(['musl', '1.2.5-r0']),
    packageJson('app/node_modules/a', 'a', '1.0.0'),
    { path: 'app/index.js', content: 'code' },
    { path: 'app/link', type: 'symlink' as const, linkname: 'index.js' },
    { path: 'app/.wh.gone' },
    { path: 'opt/.wh..wh..opq' },
  ];

  it('keeps the file tree and what the files of interest say, however it is packed', async () => {
    const all = [];
    for (const packing of ['gzip', 'zstd', 'none'] as const) {
      const layer = buildLayer(entries, packing);
      const inventory = await inventoryOf(layer);
      expect(inventory).toMatchObject({
        digest: layer.descriptor.digest,
        diffId: layer.diffId,
        compression: packing,
        size: layer.blob.length,
        entries: 7,
        files: 4,
        gaps: [],
        remarkCount: 0,
      });
      expect(inventory.contents.map((one) => one.kind)).toEqual(['os-release', 'apk-installed', 'npm-package-json']);
      expect(readInventory(JSON.parse(JSON.stringify(inventory)), fileKinds)).toEqual(
        JSON.parse(JSON.stringify(inventory)),
      );
      all.push({ tree: inventory.tree, contents: inventory.contents, unpackedBytes: inventory.unpackedBytes });
    }
    expect(all[1]).toEqual(all[0]);
    expect(all[2]).toEqual(all[0]);
    expect(all[0]?.tree).toBe(
      '/etc\nfs os-release\n/lib/apk/db\nfy installed\n/app/node_modules/a\nf1a package.json\n/app\nf4 index.js\nslink\tindex.js\nwgone\n/opt\no',
    );
  });

  it('reads an empty blob and an archive without entries', async () => {
    expect(await inventoryOf(buildLayer(Buffer.alloc(0)))).toMatchObject({ entries: 0, unpackedBytes: 0 });
    expect(await inventoryOf(buildLayer([], 'gzip'))).toMatchObject({ entries: 0, unpackedBytes: 1024 });
  });

  it('looks a second time for hard links to files that had no name of interest', async () => {
    const json = '{"name":"pooled","version":"2.0.0"}';
    const layer = buildLayer([
      { path: 'store/00/abc', content: json },
      { path: 'node_modules/pooled/package.json', type: 'hardlink', linkname: 'store/00/abc' },
      { path: 'node_modules/again/package.json', type: 'hardlink', linkname: './store/00/abc' },
    ]);
    const reading = await read(layer);
    expect(reading.passes).toBe(2);
    expect(reading.status === 'read' && reading.inventory.contents).toMatchObject([
      { entry: 1, kind: 'npm-package-json', content: { name: 'pooled', version: '2.0.0' } },
      { entry: 2, kind: 'npm-package-json', content: { name: 'pooled', version: '2.0.0' } },
    ]);
    const known = buildLayer([
      packageJson('a', 'a', '1.0.0'),
      { path: 'b/package.json', type: 'hardlink', linkname: 'a/package.json' },
      { path: 'c/package.json', type: 'hardlink', linkname: 'below/package.json' },
    ]);
    expect((await read(known)).passes).toBe(1);
  });

  it('remarks odd paths and passes over stray files that only have the name', async () => {
    const inventory = await inventoryOf(
      buildLayer([
        { path: '../../up', content: '1' },
        { path: '.wh..' },
        { path: 'a/.wh.' },
        { path: '.wh..wh.plnk/1', content: '' },
        { path: 'a/.wh..wh.aufs' },
        { path: 'fixture/package.json', content: '{"broken": ' },
        { path: 'module/package.json', content: '{"type":"module"}' },
        { path: 'list/package.json', content: '[]' },
      ]),
    );
    expect(inventory.remarks.map((remark) => remark.code)).toEqual([
      'path-over-root',
      'whiteout-of-nothing',
      'whiteout-of-nothing',
      'aufs-metadata',
      'npm-package-json-unreadable',
    ]);
    expect(inventory.contents).toEqual([]);
    expect(inventory.gaps).toEqual([]);
  });

  it('ignores global headers, as what would run the image does', async () => {
    const { path, content } = packageJson('a', 'a', '1.0.0');
    const archive = Buffer.concat([
      metaEntry('g', paxRecords({ path: 'elsewhere' })),
      tarEntry({ path, ...(content === undefined ? {} : { content }) }),
      Buffer.alloc(1024),
    ]);
    expect((await inventoryOf(buildLayer(archive))).contents).toMatchObject([{ content: { name: 'a' } }]);
  });
});

describe('a layer that is not what it should be', () => {
  const layer = buildLayer([dpkgStatus(['libc6', '2.36-9']), { path: 'big', content: 'x'.repeat(50_000) }], 'gzip');

  it('is told by its digests and size', async () => {
    const other = digestOf('other');
    expect(await read(layer, { expected: { digest: other } })).toMatchObject({
      status: 'unreadable',
      code: 'digest-mismatch',
    });
    expect(await read(layer, { expected: { diffId: other } })).toMatchObject({
      status: 'unreadable',
      code: 'diff-id-mismatch',
    });
    for (const size of [layer.blob.length - 1, layer.blob.length + 1, 0]) {
      expect(await read(layer, { expected: { size }, step: 97 })).toMatchObject({
        status: 'unreadable',
        code: 'size-mismatch',
      });
    }
  });

  it('is told apart from a damaged transfer', async () => {
    const damaged = buildLayer(Buffer.from('this is no archive at all'.repeat(50)));
    expect(await read(damaged)).toMatchObject({ status: 'unreadable', code: 'tar-malformed' });
    const sent = { ...layer, blob: Buffer.from(layer.blob) };
    sent.blob[40] = (sent.blob[40] as number) ^ 0xff;
    expect(await read(sent)).toMatchObject({ status: 'unreadable', code: 'digest-mismatch' });
    const cut = gzipSync(tarArchive([{ path: 'a', content: 'x'.repeat(5000) }])).subarray(0, 60);
    const packed = {
      ...buildLayer([]),
      blob: cut,
      descriptor: { ...layer.descriptor, digest: digestOf(cut), size: cut.length },
    };
    expect(await read(packed)).toMatchObject({ status: 'unreadable', code: 'compression-malformed' });
  });

  it('throws only what its source throws', async () => {
    const failing = async function* () {
      yield layer.blob.subarray(0, 100);
      throw new Error('connection reset');
    };
    const options = { kinds: fileKinds, limits: defaultLayerLimits };
    await expect(readLayer(layer.descriptor, failing, options)).rejects.toThrow('connection reset');
  });

  it('says where a package database is broken or too large, since packages may be missing', async () => {
    const big = buildLayer([{ path: 'var/lib/dpkg/status.d/x', content: 'x'.repeat(4 * 1024 * 1024 + 1) }]);
    expect(await read(big)).toMatchObject({ status: 'limit-exceeded', limit: 'dpkg-status-d-bytes' });
    const large = buildLayer([{ path: 'a/package.json', content: 'x'.repeat(8 * 1024 * 1024 + 1) }]);
    expect((await inventoryOf(large)).gaps).toMatchObject([{ reason: 'limit', code: 'npm-package-json-bytes' }]);
  });
});

describe('a layer over a cap', () => {
  const exceeds = async (layer: BuiltLayer, limits: Partial<LayerLimits>): Promise<string> => {
    const reading = await read(layer, { limits });
    return reading.status === 'limit-exceeded' ? reading.limit : reading.status;
  };
  const layer = buildLayer([packageJson('a/b/c', 'a', '1'), packageJson('d', 'd', '1')], 'gzip');

  it('is limit-exceeded, whichever cap it is', async () => {
    expect(await exceeds(layer, { maxPackedBytes: 10 })).toBe('packed-bytes');
    expect(await exceeds(layer, { maxUnpackedBytes: 1000 })).toBe('unpacked-bytes');
    expect(await exceeds(layer, { ratioFloorBytes: 1000, maxRatio: 2 })).toBe('ratio');
    expect(await exceeds(layer, { maxEntries: 1 })).toBe('tar-entries');
    expect(await exceeds(layer, { maxPathBytes: 8 })).toBe('tar-path-bytes');
    expect(await exceeds(layer, { maxDepth: 3 })).toBe('path-depth');
    expect(await exceeds(layer, { maxTreeChars: 10 })).toBe('tree-chars');
    expect(await exceeds(layer, { maxFilesOfInterest: 1 })).toBe('files-of-interest');
    expect(await exceeds(layer, { maxInterestBytes: 50 })).toBe('interest-bytes');
    expect(await exceeds(layer, {})).toBe('read');
  });

  it('stops a bomb early: a small blob, zeros without end', async () => {
    const zeros = buildLayer([{ path: 'zeros', content: Buffer.alloc(20_000_000) }], 'gzip');
    expect(await exceeds(zeros, { ratioFloorBytes: 1_000_000 })).toBe('ratio');
    expect(await exceeds(zeros, { maxUnpackedBytes: 5_000_000 })).toBe('tar-content-bytes');
    const afterEnd = buildLayer(Buffer.concat([tarArchive([]), Buffer.alloc(6_000_000)]), 'gzip');
    expect(await exceeds(afterEnd, { maxUnpackedBytes: 5_000_000 })).toBe('unpacked-bytes');
    const sparse = buildLayer(
      Buffer.concat([
        metaEntry(
          'x',
          paxRecords({ 'GNU.sparse.size': '9000000000000', 'GNU.sparse.map': '0,0', 'GNU.sparse.name': 'f' }),
        ),
        tarHeader({ path: 'f', typeflag: '0' }),
        padded(Buffer.alloc(0)),
        Buffer.alloc(1024),
      ]),
    );
    expect(await exceeds(sparse, {})).toBe('tar-content-bytes');
  });

  it('in time is limit-exceeded, and any other abort is the caller’s own', async () => {
    const stalled = async function* (): AsyncGenerator<Uint8Array> {
      yield layer.blob.subarray(0, 30);
      await new Promise(() => undefined);
    };
    const options = { kinds: fileKinds, limits: defaultLayerLimits };
    const timeout = new DOMException('too slow', 'TimeoutError');
    expect(await readLayer(layer.descriptor, stalled, { ...options, signal: abortSoon(timeout) })).toMatchObject({
      status: 'limit-exceeded',
      limit: 'time',
    });
    const cancelled = new Error('cancelled');
    await expect(readLayer(layer.descriptor, stalled, { ...options, signal: abortSoon(cancelled) })).rejects.toBe(
      cancelled,
    );
  });

  it('is let go at once, though its source stalls', async () => {
    const bomb = gzipSync(tarArchive([{ path: 'zeros', content: Buffer.alloc(3_000_000) }]));
    const stalled = async function* (): AsyncGenerator<Uint8Array> {
      yield bomb.subarray(0, bomb.length - 8);
      await new Promise(() => undefined);
    };
    const descriptor = { ...layer.descriptor, digest: digestOf(bomb), size: bomb.length };
    const limits = { ...defaultLayerLimits, maxUnpackedBytes: 2_000_000 };
    expect(await readLayer(descriptor, stalled, { kinds: fileKinds, limits })).toMatchObject({
      status: 'limit-exceeded',
    });
  });

  const abortSoon = (reason: Error): AbortSignal => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 5);
    return controller.signal;
  };
});

describe('mutated layers', () => {
  it('always have a typed outcome', async () => {
    const archives = [
      tarArchive([
        dpkgStatus(['a', '1']),
        packageJson('node_modules/x', 'x', '1'),
        { path: 'l', type: 'symlink', linkname: 'x' },
      ]),
      tarArchive([apkDatabase(['a', '1-r0']), { path: 'n'.repeat(200), content: 'x' }]),
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...archives),
        fc.constantFrom('gzip' as const, 'zstd' as const, 'none' as const),
        fc.boolean(),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { maxLength: 3 }),
        fc.nat(),
        async (archive, packing, insideArchive, flips, cut) => {
          const mutated = insideArchive ? mutate(archive, flips, cut) : archive;
          const { blob } = buildLayer(mutated, packing);
          const sent = insideArchive ? blob : mutate(blob, flips, cut);
          const descriptor = { ...buildLayer([]).descriptor, digest: digestOf(sent), size: sent.length };
          const open = async function* () {
            yield sent;
          };
          const reading = await readLayer(descriptor, open, { kinds: fileKinds, limits: defaultLayerLimits });
          expect(['read', 'limit-exceeded', 'unreadable']).toContain(reading.status);
        },
      ),
      { numRuns: 400 },
    );
  });

  const mutate = (bytes: Buffer, flips: readonly (readonly [number, number])[], cut: number): Buffer => {
    const copy = Buffer.from(bytes);
    for (const [at, mask] of flips) copy[at % copy.length] = (copy[at % copy.length] as number) ^ mask;
    return cut % 4 === 0 ? copy.subarray(0, cut % copy.length) : copy;
  };
});

describe('a stored inventory', () => {
  it('does not serve when it is damaged or was made by older readers', async () => {
    const inventory = await inventoryOf(buildLayer([packageJson('a', 'a', '1')]));
    expect(readInventory(inventory, fileKinds)).toBeDefined();
    expect(readInventory(undefined, fileKinds)).toBeUndefined();
    expect(readInventory({ ...inventory, schemaVersion: 2 }, fileKinds)).toBeUndefined();
    expect(readInventory({ ...inventory, tree: 5 }, fileKinds)).toBeUndefined();
    const older = { ...kindVersions(fileKinds), 'npm-package-json': 0 };
    expect(readInventory({ ...inventory, kinds: older }, fileKinds)).toBeUndefined();
    const contents = [{ entry: 0, kind: 'npm-package-json', content: { name: 1 } }];
    expect(readInventory({ ...inventory, contents }, fileKinds)).toBeUndefined();
  });
});
