import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { locationKey } from '../../../lib/core/image-reference.ts';
import { memoryCatalog } from '../../../lib/inventory/adapters/memory-catalog.ts';
import { memoryRetention } from '../../../lib/lifecycle/adapters/memory-retention.ts';
import { trailPulls } from '../../../lib/storage/adapters/trail-pulls.ts';
import {
  eventsOfPeriod,
  scoreCaches,
  standardiseBases,
  storageConfigSchema,
  type TrailEntry,
} from '../../../lib/storage/index.ts';
import { entry, fillCatalog, HOST, layer } from './fill-catalog.ts';

const config = storageConfigSchema.parse({ sharing: [{ registries: ['**'], scope: 'registry' }] });

describe('bases', () => {
  it('are the images whose layers are the lowest of others, with how far behind and what merging would save', async () => {
    const catalog = memoryCatalog();
    await fillCatalog(catalog);
    const report = await standardiseBases(catalog, config);
    expect(report.bases.map(({ name, images }) => [name.slice(HOST.length + 1), images])).toEqual([
      ['base/node', 18],
      ['base/debian', 4],
    ]);
    const [node, debian] = report.bases;
    expect(node?.versions.map(({ tags, images, behind, daysBehind }) => [tags, images, behind, daysBehind])).toEqual([
      [['24.2'], 10, 0, 0],
      [['24.1'], 8, 1, 30],
    ]);
    // The layer of node 24.1 is held by nothing else; that of debian 12.2 below it by the image of that base.
    expect(node?.versions[1]?.mergingSaves).toBe(45_000_000);
    expect(debian?.versions.map(({ tags, behind, mergingSaves }) => [tags, behind, mergingSaves])).toEqual([
      [['12.3'], 0, 0],
      [['12.2'], 1, 0],
      [['12.1'], 2, 29_000_000],
    ]);
    expect(report.images).toBe(report.withoutBase + 22);
  });

  it('are unknown where several repositories begin alike and none of them is the base', async () => {
    const catalog = memoryCatalog();
    const lowest = [layer('l1', 5), layer('l2', 6)];
    for (const name of ['a', 'b']) await catalog.enter(entry(name, 'x', { layers: [...lowest, layer(name, 1)] }));
    // Builds of one repository alone have no base in common with anybody.
    for (const name of ['1', '2'])
      await catalog.enter(entry('c', name, { layers: [layer('c', 5), layer(`c${name}`, 1)] }));
    const { bases, withoutBase } = await standardiseBases(catalog, config);
    expect(bases).toMatchObject([{ images: 2, versions: [{ bytes: 11, image: undefined }] }]);
    expect(bases[0]?.name).toMatch(/^unknown base sha256:/);
    expect(withoutBase).toBe(2);
  });
});

describe('build caches', () => {
  const until = new Date('2026-11-24T00:00:00Z');
  const period = { from: new Date('2026-10-25T00:00:00Z'), until };
  const cart = entry('shop/cart', 'cache');

  async function score(pulls: number, told: boolean, more: object = {}) {
    const catalog = memoryCatalog();
    await fillCatalog(catalog);
    const usage = memoryRetention(manualClock());
    if (told) await usage.pulled(cart, { digest: cart.digest, pulledAt: '2026-11-10T00:00:00.000Z' });
    const events: TrailEntry[] = Array.from({ length: pulls }, (_, i) => ({
      seq: i + 1,
      time: new Date(Date.UTC(2026, 10, 3) + i * 60_000).toISOString(),
      detailType: 'Image Pulled',
      data: { metadata: { id: 'x' }, data: { subject: { ...cart, tags: [] } } },
    }));
    const trail = {
      after: async (seq: number, limit: number) => events.filter((one) => one.seq > seq).slice(0, limit),
      head: async () => events.length,
    };
    const storage = storageConfigSchema.parse({ sharing: config.sharing, ...more });
    return scoreCaches({ catalog, pulls: trailPulls(trail, usage) }, storage, period);
  }

  it('are worth their hits times the time saved, by the bytes that are theirs alone', async () => {
    const { caches, reclaimable, bytes } = await score(100, true);
    const one = caches.find(({ image }) => image === locationKey(cart));
    expect(one).toMatchObject({ hits: 100, uniqueBytes: 210_001_000, bytes: 230_001_000, verdict: 'worth-keeping' });
    // 22 days from its push: 100 hits × 60 s ÷ 3600 ÷ (22 × 24 ÷ 730 months) ÷ 0.210001 GB.
    expect(one?.hoursPerGbMonth).toBeCloseTo((100 * 60) / 3600 / ((22 * 24) / 730) / 0.210001, 6);
    expect(one?.why).toContain('100 hits in 22.0 days × 60 s saved each (assumed)');
    const stale = caches.find(({ image }) => image !== locationKey(cart));
    expect(stale).toMatchObject({ tags: ['buildcache'], uniqueBytes: 180_001_000 });
    expect(bytes).toBe(230_001_000 + 180_001_000);
    expect(reclaimable).toBe(stale?.verdict === 'unused' ? 180_001_000 : 0);
  });

  it('are unused without hits, cost more than they save where a hit saves little, and unknown where nobody tells', async () => {
    const [none, little, silent] = await Promise.all([
      score(0, true),
      score(1, true, { cache: { measured: [{ repositories: ['**'], secondsSavedPerHit: 1 }] } }),
      score(5, false),
    ]);
    const of = (report: typeof none) => report.caches.find(({ image }) => image === locationKey(cart));
    expect(of(none)).toMatchObject({ hits: 0, verdict: 'unused' });
    expect(of(little)).toMatchObject({ hits: 1, verdict: 'costs-more', secondsSavedPerHit: 1 });
    expect(of(little)?.why).toContain('(measured)');
    expect(of(silent)).toMatchObject({ hits: undefined, verdict: 'unknown', worthUsd: undefined });
  });
});

describe('events of a period', () => {
  it('are found among many, although some were recorded late', async () => {
    const start = Date.UTC(2026, 0, 1);
    const events = Array.from({ length: 5_000 }, (_, i) => ({
      seq: i + 1,
      // Every hundredth is recorded a day after it happened.
      time: new Date(start + i * 3_600_000 - (i % 100 === 0 ? 86_400_000 : 0)).toISOString(),
      detailType: 'x',
      data: {},
    }));
    let asked = 0;
    const trail = {
      async after(seq: number, limit: number) {
        asked += Math.min(limit, events.length - seq);
        return events.slice(seq, seq + limit);
      },
      head: async () => events.length,
    };
    const from = start + 3_000 * 3_600_000;
    const period = { from, until: from + 200 * 3_600_000 };
    const found = await Array.fromAsync(eventsOfPeriod(trail, period));
    const expected = events.filter(({ time }) => Date.parse(time) >= period.from && Date.parse(time) < period.until);
    expect(found).toEqual(expected);
    expect(asked).toBeLessThan(1_600);
  });
});
