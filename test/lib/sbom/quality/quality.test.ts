import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../../lib/core/clock.ts';
import { memoryInventoryStore, memorySbomStore } from '../../../../lib/sbom/adapters/memory.ts';
import {
  attributeFiles,
  createSbom,
  fileKinds,
  judgeSbom,
  type LayerInventory,
  type ListedSbom,
  listSbom,
  readSbom,
} from '../../../../lib/sbom/index.ts';
import { apkDatabase, buildImage, osRelease, packageJson, sourceOf } from '../image-builder.ts';

const elf = Buffer.concat([Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]), Buffer.alloc(56)]);

async function read(...layers: Parameters<typeof buildImage>[0]) {
  const image = buildImage(layers);
  const ports = {
    source: sourceOf(image),
    inventories: memoryInventoryStore(),
    sboms: memorySbomStore(),
    clock: manualClock(),
  };
  const made = await createSbom({ image: image.descriptor.digest }, ports);
  if (made.status !== 'created') throw new Error(made.status);
  const inventories: LayerInventory[] = [];
  for (const { digest } of made.sbom.layers) {
    const found = await ports.inventories.get(digest, fileKinds);
    if (found) inventories.push(found);
  }
  return { sbom: made.sbom, inventories };
}

const metOf = (sbom: ListedSbom, id: string) => {
  const check = judgeSbom(sbom).checks.find((one) => one.id === id);
  return check && [check.met, check.of];
};

describe('the files of an image', () => {
  it('are those of packages by where they lie, or are listed, programs first', async () => {
    const { sbom, inventories } = await read(
      [
        osRelease('alpine', '3.20.3'),
        apkDatabase(['musl', '1.2.5-r0']),
        { path: 'lib/ld-musl.so.1', content: elf },
        { path: 'etc/motd', content: 'hello' },
      ],
      [
        packageJson('app', '@team/app', '1.0.0'),
        { path: 'app/node_modules/@team/app/lib/deep.js', content: 'x'.repeat(10) },
        { path: 'opt/bin/tool', content: elf },
        { path: 'opt/data.bin', content: Buffer.alloc(500) },
        { path: 'usr/bin/put-here-by-hand', content: elf },
        { path: 'opt/gone', content: 'x' },
      ],
      [{ path: 'opt/.wh.gone' }],
    );
    const coverage = attributeFiles(inventories, sbom.packages);
    expect(coverage?.unidentified.map(({ path, executable }) => [path, executable])).toEqual(
      expect.arrayContaining([
        ['opt/bin/tool', true],
        ['usr/bin/put-here-by-hand', true],
        ['opt/data.bin', false],
      ]),
    );
    const paths = coverage?.unidentified.map(({ path }) => path) ?? [];
    expect(paths).not.toContain('lib/ld-musl.so.1');
    expect(paths).not.toContain('etc/motd');
    expect(paths).not.toContain('opt/gone');
    expect(coverage?.unidentified.findIndex(({ path }) => path === 'opt/data.bin')).toBe(2);
    expect(coverage?.unidentifiedExecutables).toBe(2);
    expect((coverage?.attributedBytes ?? 0) + 64 + 64 + 500).toBeLessThanOrEqual(coverage?.bytes ?? 0);
    const quality = judgeSbom(listSbom(sbom), coverage);
    expect(quality.checks.find(({ id }) => id === 'bytes')?.missing[0]).toMatch(
      /^\/(?:opt\/bin\/tool|usr\/bin\/put-here)/,
    );
  });
});

describe('the quality of an SBOM', () => {
  const bom = (...components: readonly object[]): ListedSbom =>
    readSbom(JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.4', version: 1, components }));

  it('is that of what it says of its packages', () => {
    const poor = bom({ type: 'library', name: 'a', version: '1' }, { type: 'library', name: 'b', purl: 'pkg:npm/b' });
    expect(metOf(poor, 'supplier')).toEqual([0, 1]);
    expect(metOf(poor, 'identifier')).toEqual([0, 1]);
    expect(metOf(poor, 'version')).toEqual([1, 2]);
    expect(metOf(poor, 'author')).toEqual([0, 1]);
    expect(metOf(poor, 'format')).toEqual([0, 1]);
    const rich = bom({
      ...{ type: 'library', name: 'a', version: '1', purl: 'pkg:npm/a@1', supplier: { name: 'A <a@example.com>' } },
      ...{ licenses: [{ license: { id: 'MIT' } }], hashes: [{ alg: 'SHA-512', content: '0'.repeat(128) }] },
    });
    for (const id of ['supplier', 'identifier', 'version', 'licence', 'hash', 'supplier-contact']) {
      expect([id, metOf(rich, id)]).toEqual([id, [1, 1]]);
    }
    expect(judgeSbom(rich).score).toBeGreaterThan(judgeSbom(poor).score);
  });

  it('is from 0 to 100, and says who lacks what', () => {
    const { score, checks } = judgeSbom(bom({ type: 'library', name: 'a', version: '1' }));
    expect(score).toBeGreaterThanOrEqual(0);
    expect(score).toBeLessThanOrEqual(100);
    expect(checks.find(({ id }) => id === 'supplier')?.missing).toEqual(['a 1']);
  });
});
