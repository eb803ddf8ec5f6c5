import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../lib/core/digest.ts';
import { memoryInventoryStore } from '../../../lib/sbom/adapters/memory.ts';
import { buildSbom } from '../../../lib/sbom/build-sbom.ts';
import { type InventoryImageOptions, inventoryImage } from '../../../lib/sbom/inventory-image.ts';
import {
  apkDatabase,
  type BuiltImage,
  buildImage,
  buildLayer,
  dpkgStatus,
  osRelease,
  packageJson,
  sourceOf,
} from './image-builder.ts';

async function sbomOf(image: BuiltImage, options: InventoryImageOptions = {}) {
  const inventory = await inventoryImage(
    { layers: image.layers.map((one) => one.descriptor), diffIds: image.layers.map((one) => one.diffId) },
    { source: sourceOf(image), inventories: memoryInventoryStore() },
    options,
  );
  return buildSbom({ digest: image.descriptor.digest, platform: 'linux/amd64' }, inventory);
}

const listed = (sbom: Awaited<ReturnType<typeof sbomOf>>) =>
  sbom.packages.map((one) => `${one.name}@${one.version} ${one.layer}`).sort();

describe('the packages of an image', () => {
  it('are those of the uppermost package database, each with the layer that first brought its version', async () => {
    const image = buildImage([
      [osRelease('alpine', '3.18.9'), apkDatabase(['musl', '1.2.4-r2'], ['zlib', '1.2.13-r1'], ['old', '1-r0'])],
      [apkDatabase(['musl', '1.2.4-r2'], ['zlib', '1.2.13-r1'], ['curl', '8.0-r0', 'curl-src'], ['old', '1-r0'])],
      [{ path: 'unrelated', content: 'x' }],
      [apkDatabase(['musl', '1.2.4-r2'], ['zlib', '1.3-r0'], ['curl', '8.0-r0', 'curl-src'])],
    ]);
    const sbom = await sbomOf(image);
    expect(listed(sbom)).toEqual(['curl@8.0-r0 1', 'musl@1.2.4-r2 0', 'zlib@1.3-r0 3']);
    expect(sbom.packages[0]).toEqual({
      id: 'pkg:apk/alpine/curl@8.0-r0?arch=x86_64&distro=alpine-3.18.9&upstream=curl-src',
      type: 'apk',
      name: 'curl',
      version: '8.0-r0',
      purl: 'pkg:apk/alpine/curl@8.0-r0?arch=x86_64&distro=alpine-3.18.9&upstream=curl-src',
      arch: 'x86_64',
      source: { name: 'curl-src' },
      distro: { id: 'alpine', versionId: '3.18.9' },
      licenses: ['MIT'],
      cpes: [
        'cpe:2.3:a:haxx:curl:8.0:*:*:*:*:*:*:*',
        'cpe:2.3:a:curl-src:curl-src:8.0:*:*:*:*:*:*:*',
        'cpe:2.3:a:curl_src:curl_src:8.0:*:*:*:*:*:*:*',
      ],
      locations: [{ path: 'lib/apk/db/installed', layer: image.layers[3]?.descriptor.digest }],
      layer: 1,
      origin: 'unknown',
      dependencies: [],
    });
    expect(sbom.outcome).toBe('complete');
  });

  it('that were removed and came back belong to the layer that brought them back', async () => {
    const image = buildImage([
      [dpkgStatus(['a', '1'], ['b', '1'])],
      [dpkgStatus(['b', '1'])],
      [dpkgStatus(['a', '1'], ['b', '1'])],
      [{ path: 'var/lib/dpkg/.wh.status' }],
      [dpkgStatus(['a', '1'])],
    ]);
    expect(listed(await sbomOf({ ...image, layers: image.layers.slice(0, 3) }))).toEqual(['a@1 2', 'b@1 0']);
    expect(listed(await sbomOf({ ...image, layers: image.layers.slice(0, 4) }))).toEqual([]);
    expect(listed(await sbomOf(image))).toEqual(['a@1 4']);
  });

  it('lose what whiteouts, opaque directories and replaced directories hide', async () => {
    const image = buildImage([
      [
        packageJson('app/node_modules/gone', 'gone', '1.0.0'),
        packageJson('app/node_modules/minimist', 'minimist', '1.2.0'),
        packageJson('app/node_modules/minimist/node_modules/inner', 'inner', '1.0.0'),
        packageJson('srv/node_modules/x', 'x', '1.0.0'),
        packageJson('opt/node_modules/y', 'y', '1.0.0'),
        packageJson('stays', 'stays', '1.0.0'),
      ],
      [
        { path: 'app/node_modules/.wh.gone' },
        packageJson('app/node_modules/minimist', 'minimist', '1.2.8'),
        { path: 'app/node_modules/minimist/.wh..wh..opq' },
        { path: 'srv', content: 'a file now' },
        { path: 'opt', type: 'symlink', linkname: 'stays' },
      ],
    ]);
    expect(listed(await sbomOf(image))).toEqual(['minimist@1.2.8 1', 'stays@1.0.0 0']);
  });

  it('keep a file that a layer writes and whites out at once: the whiteout is about the layers below', async () => {
    const image = buildImage([
      [packageJson('a', 'lower', '1.0.0')],
      [packageJson('a', 'upper', '1.0.0'), { path: 'a/.wh.package.json' }, { path: '.wh.a' }],
    ]);
    expect(listed(await sbomOf(image))).toEqual(['upper@1.0.0 1']);
  });

  it('are found through a merged /usr, whichever way a layer names the path', async () => {
    const image = buildImage([
      [{ path: 'usr/lib/apk/db/' }, { path: 'lib', type: 'symlink', linkname: 'usr/lib' }, apkDatabase(['a', '1-r0'])],
      [apkDatabase(['a', '1-r0'], ['b', '1-r0'])],
      [{ ...apkDatabase(['b', '1-r0'], ['c', '1-r0']), path: 'usr/lib/apk/db/installed' }],
    ]);
    const sbom = await sbomOf(image);
    expect(listed(sbom)).toEqual(['b@1-r0 1', 'c@1-r0 2']);
    expect(sbom.packages[0]?.locations).toMatchObject([{ path: 'usr/lib/apk/db/installed' }]);
  });

  it('have no purl where nothing says whose distribution they are of', async () => {
    const sbom = await sbomOf(buildImage([[apkDatabase(['hostile', '1.0-r0'])]]));
    expect(sbom.packages).toMatchObject([{ id: 'apk:hostile@1.0-r0?arch=x86_64', type: 'apk', name: 'hostile' }]);
    expect(sbom.packages[0]?.purl).toBeUndefined();
    expect(sbom.distro).toBeUndefined();
  });

  it('that are there twice are one with two locations, and depend on what they find', async () => {
    const manifest = (name: string, dependencies: object) => ({
      content: JSON.stringify({ name, version: '1.0.0', dependencies }),
    });
    const sbom = await sbomOf(
      buildImage([
        [
          { path: 'app/package.json', ...manifest('app', { a: '1', b: '1', absent: '1' }) },
          { path: 'app/node_modules/a/package.json', ...manifest('a', { b: '1' }) },
          { path: 'app/node_modules/b/package.json', ...manifest('b', {}) },
          packageJson('app/node_modules/a/node_modules/b', 'b', '2.0.0'),
          packageJson('other/node_modules/b', 'b', '2.0.0'),
        ],
      ]),
    );
    const dependencies = new Map(sbom.packages.map((one) => [one.id, one.dependencies]));
    expect(dependencies.get('pkg:npm/app@1.0.0')).toEqual(['pkg:npm/a@1.0.0', 'pkg:npm/b@1.0.0']);
    expect(dependencies.get('pkg:npm/a@1.0.0')).toEqual(['pkg:npm/b@2.0.0']);
    expect(sbom.packages.find((one) => one.version === '2.0.0')?.locations.map((one) => one.path)).toEqual([
      'app/node_modules/a/node_modules/b/package.json',
      'other/node_modules/b/package.json',
    ]);
  });

  it('do not depend on the order or number of readings', async () => {
    const image = buildImage([
      [osRelease('debian', '12'), dpkgStatus(['a', '1'], ['b', '2'])],
      [packageJson('x', 'x', '1')],
    ]);
    expect(JSON.stringify(await sbomOf(image, { concurrency: 1 }))).toBe(JSON.stringify(await sbomOf(image)));
  });
});

describe('what is missing', () => {
  it('of one layer is told, and the rest still counts', async () => {
    const broken = buildLayer(Buffer.from('no archive '.repeat(100)));
    const sbom = await sbomOf(buildImage([[apkDatabase(['a', '1-r0'])], broken]));
    expect(sbom).toMatchObject({
      outcome: 'unreadable',
      gaps: [{ reason: 'unreadable', code: 'tar-malformed', layer: broken.descriptor.digest }],
    });
    expect(listed(sbom)).toEqual(['a@1-r0 0']);
    const capped = await sbomOf(buildImage([[apkDatabase(['a', '1-r0'])], broken]), { limits: { maxEntries: 0 } });
    expect(capped).toMatchObject({ outcome: 'limit-exceeded', packages: [] });
  });

  it('of layers of unknown types and of those not distributed is told', async () => {
    const image = buildImage([[packageJson('a', 'a', '1')]]);
    const first = image.layers[0]?.descriptor;
    if (!first) throw new Error('no layer');
    const encrypted = { ...first, mediaType: `${first.mediaType}+gzip+encrypted` };
    const foreign = {
      mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
      digest: digestOf('elsewhere'),
      size: 5,
      urls: ['https://attacker.example/layer'],
    };
    const ports = { source: sourceOf(image), inventories: memoryInventoryStore() };
    const { gaps } = await inventoryImage({ layers: [encrypted] }, ports);
    expect(gaps).toMatchObject([{ code: 'layer-type-unknown' }]);
    expect((await inventoryImage({ layers: [foreign] }, ports)).gaps).toMatchObject([
      { code: 'layer-not-distributed' },
    ]);
    const absent = { ...first, digest: digestOf('elsewhere') };
    await expect(inventoryImage({ layers: [absent] }, ports)).rejects.toThrow('there is no blob');
    const twice = await inventoryImage({ layers: [first], diffIds: [] }, ports);
    expect(twice.gaps).toMatchObject([{ code: 'layer-count-mismatch' }]);
  });

  it('behind links to files that nobody read is told', async () => {
    const linked = await sbomOf(
      buildImage([
        [{ path: 'opt/hidden', content: 'P:secret\nV:1\n\n' }],
        [{ path: 'lib/apk/db/installed', type: 'symlink', linkname: '../../../opt/hidden' }],
      ]),
    );
    expect(linked).toMatchObject({ outcome: 'unreadable', gaps: [{ code: 'link-target-unread' }] });
    const dangling = await sbomOf(
      buildImage([[{ path: 'lib/apk/db/installed', type: 'symlink', linkname: '/nowhere' }]]),
    );
    expect(dangling.outcome).toBe('complete');
    const hard = await sbomOf(
      buildImage([
        [{ path: 'opt/hidden', content: '{"name":"h","version":"1"}' }],
        [{ path: 'n/package.json', type: 'hardlink', linkname: 'opt/hidden' }],
      ]),
    );
    expect(hard.gaps).toMatchObject([{ code: 'hard-link-unread', path: 'n/package.json' }]);
    const circle = await sbomOf(
      buildImage([
        [
          { path: 'a', type: 'symlink', linkname: 'b' },
          { path: 'b', type: 'symlink', linkname: 'a' },
          packageJson('a/x', 'x', '1'),
        ],
      ]),
    );
    expect(circle).toMatchObject({ packages: [], gaps: [{ code: 'link-circle' }] });
  });
});

describe('layers', () => {
  const base = buildLayer([osRelease('alpine', '3.20'), apkDatabase(['a', '1-r0'])], 'gzip');

  it('are read once in their life, and never again for another image', async () => {
    const one = buildImage([base, [packageJson('x', 'x', '1')]]);
    const two = buildImage([base, base, [packageJson('y', 'y', '1')]]);
    const inventories = memoryInventoryStore();
    const source = sourceOf(one, two);
    const read = async (image: BuiltImage) => {
      const layers = image.layers.map((layer) => layer.descriptor);
      const { layersRead, layersReused } = await inventoryImage({ layers }, { source, inventories });
      return [layersRead.length, layersReused.length];
    };
    expect(await read(one)).toEqual([2, 0]);
    expect(await read(one)).toEqual([0, 2]);
    expect(await read(two)).toEqual([1, 1]);
    expect([...source.opened.values()]).toEqual([1, 1, 1]);
  });

  it('are read again when the stored inventory is damaged, or their content was promised otherwise', async () => {
    const inventories = memoryInventoryStore();
    const image = buildImage([base]);
    const ports = { source: sourceOf(image), inventories };
    const layers = [base.descriptor];
    await inventoryImage({ layers }, ports);
    inventories.texts.set(base.descriptor.digest, '{"schemaVersion":1}');
    expect((await inventoryImage({ layers }, ports)).layersRead).toHaveLength(1);
    const lied = await inventoryImage({ layers, diffIds: [digestOf('a lie')] }, ports);
    expect(lied).toMatchObject({ layersRead: [base.descriptor.digest], gaps: [{ code: 'diff-id-mismatch' }] });
  });

  it('are not stored when they could not be read', async () => {
    const inventories = memoryInventoryStore();
    const broken = buildLayer(Buffer.from('no archive '.repeat(100)));
    await inventoryImage({ layers: [broken.descriptor] }, { source: sourceOf(buildImage([broken])), inventories });
    expect(inventories.texts.size).toBe(0);
  });

  it('are read several at once, but for large ones, which come last and each by itself', async () => {
    const built = Array.from({ length: 6 }, (_, i) => buildLayer([packageJson(`p${i}`, `p${i}`, '1.0.0')]));
    // The odd ones say that they are large, which is all that is known of a layer before it is read.
    const layers = built.map(({ descriptor }, i) =>
      i % 2 === 1 ? { ...descriptor, size: 3 * 1024 ** 3 } : descriptor,
    );
    const image = sourceOf(buildImage(built));
    const opened: number[] = [];
    let active = 0;
    let most = { small: 0, large: 0 };
    const source = {
      async *open(layer: (typeof layers)[number]) {
        opened.push(layers.indexOf(layer));
        active++;
        most =
          layer.size > 1e9
            ? { ...most, large: Math.max(most.large, active) }
            : { ...most, small: Math.max(most.small, active) };
        await new Promise((done) => setImmediate(done));
        yield* image.open(layer);
        active--;
      },
    };
    const found = await inventoryImage({ layers }, { source, inventories: memoryInventoryStore() });
    expect(opened).toEqual([0, 2, 4, 1, 3, 5]);
    expect(most).toEqual({ small: 3, large: 1 });
    expect(found.gaps.map(({ code, layer }) => [code, layer])).toEqual(
      [1, 3, 5].map((i) => ['size-mismatch', built[i]?.descriptor.digest]),
    );
  });
});
