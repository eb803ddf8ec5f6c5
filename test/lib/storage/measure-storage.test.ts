import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { locationKey } from '../../../lib/core/image-reference.ts';
import { memoryCatalog } from '../../../lib/inventory/adapters/memory-catalog.ts';
import type { CatalogEntry } from '../../../lib/inventory/index.ts';
import { measureImage, measureStorage, type OwnerBy, storageConfigSchema } from '../../../lib/storage/index.ts';
import { entry, layer } from './fill-catalog.ts';

const config = storageConfigSchema.parse({ sharing: [{ registries: ['**'], scope: 'registry' }] });
const now = new Date('2026-11-24T00:00:00Z');
const kinds: readonly OwnerBy[] = ['image', 'repository', 'registry', 'account', 'team', { label: 'team' }];

const manifests = fc.array(
  fc.record({
    repository: fc.constantFrom('a', 'b', 'c'),
    registry: fc.constantFrom('r.example', 's.example'),
    name: fc.nat(12),
    layers: fc.array(fc.nat(6), { maxLength: 4 }),
    child: fc.option(fc.nat(12)),
    subject: fc.option(fc.nat(12)),
    team: fc.option(fc.constantFrom('x', 'y')),
    day: fc.nat(9),
  }),
  { maxLength: 14 },
);

function build(specs: Parameters<Parameters<typeof manifests.map>[0]>[0]): readonly CatalogEntry[] {
  const unique = new Map(specs.map((one) => [`${one.registry} ${one.repository} ${one.name}`, one]));
  return [...unique.values()].map((one) =>
    entry(one.repository, String(one.name), {
      registry: one.registry,
      layers: one.layers.map((n) => layer(String(n), 10 + 7 * n)),
      sizeBytes: [...new Set(one.layers)].reduce((sum, n) => sum + 10 + 7 * n, 0) + 3,
      children:
        one.child === null
          ? []
          : [{ digest: entry(one.repository, String(one.child)).digest, mediaType: 'm', size: 1 }],
      ...(one.subject === null ? {} : { referrerOf: entry(one.repository, String(one.subject)).digest }),
      labels: one.team === null ? {} : { team: one.team },
      pushedAt: `2026-11-0${one.day + 1}T00:00:00.000Z`.replace('010T', '10T'),
    }),
  );
}

async function catalogOf(entries: readonly CatalogEntry[]) {
  const catalog = memoryCatalog();
  for (const one of entries) await catalog.enter(one);
  return catalog;
}

/** What a disk would hold: every blob of every manifest, once for each registry. */
const onDisk = (entries: readonly CatalogEntry[]): number => {
  const blobs = new Map<string, number>();
  for (const one of entries) {
    blobs.set(`${one.registry} ${one.digest}`, 3);
    for (const { digest, size } of one.layers) blobs.set(`${one.registry} ${digest}`, size);
  }
  return [...blobs.values()].reduce((sum, size) => sum + size, 0);
};

describe('what is stored', () => {
  it('adds up to the bytes of a disk for every kind of owner, by fair shares and by what each added', async () => {
    await fc.assert(
      fc.asyncProperty(manifests, fc.constantFrom(...kinds), async (specs, by) => {
        const entries = build(specs);
        const report = await measureStorage(await catalogOf(entries), by, config, now);
        const sum = (of: (line: (typeof report.owners)[number]) => number) =>
          report.owners.reduce((all, line) => all + of(line), 0);
        expect(report.totalBytes).toBe(onDisk(entries));
        expect(sum(({ fair }) => fair)).toBe(report.totalBytes);
        expect(sum(({ added }) => added)).toBe(report.totalBytes);
        expect(sum(({ bytes }) => bytes)).toBe(report.apartBytes);
        const saved = report.groups.reduce((all, group) => all + group.saved, 0) + report.otherGroups.saved;
        expect(report.apartBytes - report.totalBytes).toBe(saved);
        for (const line of report.owners) {
          expect(line.unique + line.shared).toBe(line.bytes);
          expect(line.unique <= line.fair && line.fair <= line.bytes).toBe(true);
        }
      }),
    );
  });

  it('of a repository that is its own is what goes from the disk with it', async () => {
    await fc.assert(
      fc.asyncProperty(manifests, async (specs) => {
        const entries = build(specs);
        const report = await measureStorage(await catalogOf(entries), 'repository', config, now);
        for (const { owner, unique } of report.owners) {
          const left = entries.filter(({ registry, repository }) => `${registry}/${repository}` !== owner);
          expect(onDisk(entries) - onDisk(left)).toBe(unique);
        }
      }),
    );
  });

  it('of one image equals its line in the report of all', async () => {
    await fc.assert(
      fc.asyncProperty(manifests, async (specs) => {
        const entries = build(specs);
        const catalog = await catalogOf(entries);
        const report = await measureStorage(catalog, 'image', config, now);
        for (const one of entries) {
          const measured = await measureImage(catalog, one, config);
          const line = report.owners.find(({ owner }) => owner === measured?.image);
          const { blobs, image: _image, ...rest } = measured ?? { blobs: [], image: '' };
          expect({ ...rest, images: line?.images }).toEqual(line);
          expect(blobs.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(line?.bytes);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('names with whom layers are shared', async () => {
    const base = layer('base', 50);
    const a = entry('a', 'v1', { layers: [base] });
    const b = entry('b', 'v1', { layers: [base, layer('own', 9)] });
    const catalog = await catalogOf([a, b]);
    const measured = await measureImage(catalog, b, config);
    expect(measured).toMatchObject({ unique: 9 + 1000, shared: 50, fair: 9 + 1000 + 25, added: 1009 });
    expect(measured?.blobs.map(({ kind, bytes, sharedWith }) => [kind, bytes, sharedWith])).toEqual([
      ['manifest', 1000, []],
      ['layer', 50, [locationKey(a)]],
      ['layer', 9, []],
    ]);
    await catalog.markDeleted(b, '2026-11-23T00:00:00.000Z');
    expect(await measureImage(catalog, b, config)).toBeUndefined();
  });
});
