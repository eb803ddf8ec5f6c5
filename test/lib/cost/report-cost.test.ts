import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chargebackPage, chargebackRows } from '../../../lib/cli/cost/print-cost.ts';
import { toCsv } from '../../../lib/cli/csv.ts';
import { digestOf } from '../../../lib/core/digest.ts';
import { apportion } from '../../../lib/cost/apportion.ts';
import { judgeBudget } from '../../../lib/cost/check-budgets.ts';
import { gatherCharges } from '../../../lib/cost/gather-charges.ts';
import {
  chargesOf,
  costConfigSchema,
  forecastCost,
  priceCharges,
  readCarbonModel,
  readPrices,
  reportCost,
} from '../../../lib/cost/index.ts';
import { shareByteTime, shareSeries } from '../../../lib/cost/share-byte-time.ts';
import { memoryCatalog } from '../../../lib/inventory/adapters/memory-catalog.ts';
import type { CatalogEntry } from '../../../lib/inventory/index.ts';
import { type OwnerBy, storageConfigSchema, type TrailEntry } from '../../../lib/storage/index.ts';
import { seededRandom } from '../../support/random.ts';
import { entry, HOST, layer } from '../storage/fill-catalog.ts';

const HOUR = 3_600_000;
const month = { from: Date.UTC(2026, 9, 1), until: Date.UTC(2026, 10, 1) };
const storage = storageConfigSchema.parse({ teams: [{ name: 'pay', repositories: ['**/pay/**'] }] });
const everyOwner: readonly OwnerBy[] = ['image', 'repository', 'registry', 'account', 'team', { label: 'team' }];
const trailOf = (events: readonly TrailEntry[]) => ({
  after: async (seq: number, limit: number) => events.slice(seq, seq + limit),
  head: async () => events.length,
});

/** Pushes, deletions, replications, pulls, archives and restores of a month, `count` in all. */
function randomEvents(count: number, seed: number) {
  const random = seededRandom(seed);
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
  const hosts = [HOST, HOST.replace('eu-central-1', 'ap-northeast-1'), HOST.replace('123', '999'), 'ghcr.io'];
  const entries = new Map<string, CatalogEntry>();
  const at = (): string => new Date(month.from - 5 * 86_400_000 + random() * 33 * 86_400_000).toISOString();
  const images = Math.max(20, Math.floor(count / 4));
  for (let i = 0; i < images; i++) {
    const repository = pick(['pay/a', 'pay/b', 'shop/x', 'shop/y', 'data/z']);
    const pushedAt = at();
    const layers = Array.from({ length: 1 + Math.floor(random() * 3) }, () => {
      const n = Math.floor(random() * (images / 3));
      return layer(`${n}`, 1 + ((n * 7_919_993) % 900_000_007));
    });
    const one = entry(repository, `${i}`, {
      ...{ registry: pick(hosts), layers, pushedAt, firstSeenAt: pushedAt },
      sizeBytes: [...new Map(layers.map((each) => [each.digest, each.size])).values()].reduce((a, b) => a + b, 0) + 777,
      labels: random() < 0.7 ? { team: pick(['red', 'blue', '=cmd()']) } : {},
      ...(random() < 0.3
        ? { deletedAt: new Date(Date.parse(pushedAt) + random() * 20 * 86_400_000).toISOString() }
        : {}),
      ...(random() < 0.2 && i > 0 ? { referrerOf: entry(repository, `${Math.floor(random() * i)}`).digest } : {}),
      ...(random() < 0.1 && i > 0
        ? {
            artifactClass: 'index',
            children: [{ digest: entry(repository, `${Math.floor(random() * i)}`).digest, mediaType: 'm', size: 1 }],
          }
        : {}),
    });
    entries.set(`${one.registry}/${one.repository}@${one.digest}`, one);
  }
  const all = [...entries.values()];
  const deletions = all.filter(({ deletedAt }) => deletedAt !== undefined).length;
  const kinds = [
    'Image Replicated',
    'Image Pulled',
    'Image Restored',
    'Image Archived',
    // What is set aside is stored on, and so costs what it did.
    'Image Quarantined',
    'Image Released',
    'SBOM Created',
    'Scan Completed',
  ];
  const trail = Array.from({ length: Math.max(0, count - all.length - deletions) }, () => {
    const subject = random() < 0.05 ? entry('gone', `${random()}`) : pick(all);
    return {
      time: at(),
      detailType: pick(kinds),
      data: {
        metadata: { id: 'x' },
        data: {
          subject: { ...subject, tags: [] },
          target: { registry: pick(hosts), repository: 'copy' },
          bytesMoved: Math.floor(random() * 1e9),
        },
      },
    };
  })
    .sort((a, b) => (a.time < b.time ? -1 : 1))
    .map((one, i) => ({ seq: i + 1, ...one }));
  return { entries: all, trail, total: all.length + deletions + trail.length };
}

async function catalogOf(entries: readonly CatalogEntry[]) {
  const catalog = memoryCatalog();
  for (const one of entries) {
    await catalog.enter(one);
    if (one.deletedAt !== undefined) await catalog.markDeleted(one, one.deletedAt);
  }
  return catalog;
}

/** `LADING_COST_EVENTS=100000` for so many. */
const EVENTS = Number(process.env.LADING_COST_EVENTS ?? 1_500);

describe('the ledger', () => {
  it(`adds up to the total to the byte-millisecond for every split, over ${EVENTS} random events`, {
    timeout: EVENTS > 10_000 ? 3_600_000 : 300_000,
  }, async () => {
    const { entries, trail, total } = randomEvents(EVENTS, 3);
    expect(total).toBeGreaterThanOrEqual(EVENTS);
    const ports = { catalog: await catalogOf(entries), trail: trailOf(trail) };
    const cost = costConfigSchema.parse({ pulls: 'internet', scanner: 'inspector' });
    // What a store holds, by a count of its own: each blob from its first push until nobody holds it.
    let whole: Map<string, bigint> | undefined;
    for (const by of everyOwner) {
      const { charges } = await gatherCharges(ports, month, by, { cost, storage });
      const totals = new Map<string, bigint>();
      for (const { kind, region, amount } of charges) {
        totals.set(`${kind} ${region}`, (totals.get(`${kind} ${region}`) ?? 0n) + amount);
      }
      whole ??= totals;
      expect(totals).toEqual(whole);
      const kinds = new Set(charges.map(({ kind }) => kind));
      expect(kinds).toEqual(
        new Set(['storage', 'archive', 'replication', 'transfer', 'restore', 'scan', 'compute', 'requests']),
      );
      const report = priceCharges({ charges, events: 0, cut: false }, month, cost);
      for (const of of ['microUsd', 'micrograms'] as const) {
        expect(report.lines.reduce((all, line) => all + line[of], 0)).toBe(report.total[of]);
        for (const line of report.lines) expect(line.parts.reduce((all, part) => all + part[of], 0)).toBe(line[of]);
      }
      for (const line of report.lines) expect(line.marginalMicroUsd).toBeLessThanOrEqual(line.microUsd);
    }
    const stored = new Map<string, { from: number; until: number; bytes: number }[]>();
    for (const one of entries) {
      const ecr = one.registry.includes('.dkr.ecr.');
      const spans = {
        from: Math.max(Date.parse(one.pushedAt), month.from),
        until: Math.min(Date.parse(one.deletedAt ?? '2100-01-01'), month.until),
      };
      for (const { digest, size } of [...one.layers, { digest: one.digest, size: 777 }]) {
        const key = `${one.registry}${ecr ? `/${one.repository}` : ''} ${digest}`;
        stored.set(key, [...(stored.get(key) ?? []), { ...spans, bytes: size }]);
      }
    }
    let byteMs = 0n;
    for (const spans of stored.values()) {
      let end = 0;
      for (const { from, until, bytes } of spans.sort((a, b) => a.from - b.from)) {
        const lasted = until - Math.max(from, end);
        if (lasted > 0) byteMs += BigInt(bytes) * BigInt(lasted);
        end = Math.max(end, until);
      }
    }
    const storageTotal = [...(whole ?? [])]
      .filter(([key]) => key.startsWith('storage '))
      .reduce((all, [, n]) => all + n, 0n);
    expect(storageTotal).toBe(byteMs);
  });

  it('cut into days adds up to the whole', () => {
    const holding = fc.record({
      owner: fc.constantFrom('a', 'b', 'c'),
      store: fc.constant('s'),
      blob: fc.constantFrom(digestOf('x'), digestOf('y')),
      bytes: fc.constant(7),
      from: fc.nat(100),
      until: fc.nat(140),
    });
    const cuts = fc
      .uniqueArray(fc.integer({ min: 1, max: 139 }), { maxLength: 6 })
      .map((some) => [0, ...some.sort((a, b) => a - b), 140]);
    fc.assert(
      fc.property(fc.array(holding, { maxLength: 12 }), cuts, (holdings, at) => {
        const whole = shareByteTime(holdings);
        const parts = shareSeries(holdings, at);
        expect(parts.reduce((all, { total }) => all + total, 0n)).toBe(whole.total);
        for (const part of parts) expect([...part.fair.values()].reduce((all, one) => all + one, 0n)).toBe(part.total);
        for (const [owner, { fair }] of whole.shares) {
          const cut = parts.reduce((all, part) => all + (part.fair.get(owner) ?? 0n), 0n);
          // What does not divide evenly is divided anew in each part.
          expect(Number(cut - fair)).toBeLessThanOrEqual(3 * holdings.length * at.length);
        }
      }),
    );
  });

  it('apportions whole numbers so that they add up, nearly in proportion, and never to who has no share', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 15n }),
        fc.array(fc.bigInt({ min: 0n, max: 10n ** 30n }), { minLength: 1, maxLength: 9 }),
        (total, shares) => {
          const parts = apportion(total, shares);
          const all = shares.reduce((a, b) => a + b, 0n);
          expect(parts.reduce((a, b) => a + b, 0n)).toBe(all === 0n ? 0n : total);
          for (const [i, part] of parts.entries()) {
            const exact = all === 0n ? 0n : (total * (shares[i] ?? 0n)) / all;
            expect(part - exact >= 0n && part - exact <= 1n).toBe(true);
            if (shares[i] === 0n) expect(part).toBe(0n);
          }
        },
      ),
    );
  });
});

describe('prices', () => {
  const GIB = 2 ** 30;
  const hours = (month.until - month.from) / HOUR;
  const app = entry('pay/a', 'x', { sizeBytes: GIB, pushedAt: '2026-09-01T00:00:00.000Z' });
  const event = (detailType: string, data: object): TrailEntry => ({
    ...{ seq: 1, time: '2026-10-09T00:00:00.000Z', detailType },
    data: { metadata: {}, data: { subject: { ...app, tags: [] }, ...data } },
  });
  const priced = async (events: readonly TrailEntry[], config: object = {}) => {
    const ports = { catalog: await catalogOf([app]), trail: trailOf(events.map((one, i) => ({ ...one, seq: i + 1 }))) };
    return reportCost(ports, month, 'repository', { cost: costConfigSchema.parse(config), storage });
  };
  const usd = (report: Awaited<ReturnType<typeof priced>>, kind: string) =>
    report.total.parts.filter((part) => part.kind === kind).reduce((all, { microUsd }) => all + microUsd, 0) / 1e6;

  it('charge a gibibyte for a calendar month with the price of a gigabyte-month', async () => {
    const report = await priced([]);
    expect(hours).toBe(744);
    expect(usd(report, 'storage')).toBeCloseTo(0.1, 6);
    expect(report.prices).toMatchObject({ asOf: '2026-03-01' });
    // 1.0737 GB × 744 h × 0.65 Wh/TBh × 3 copies × PUE 1.135 × 338 g/kWh.
    const grams = ((1.073741824 / 1000) * 744 * 0.65 * 3 * 1.135 * 338) / 1000;
    expect(report.total.micrograms / 1e6).toBeCloseTo(grams, 6);
  });

  it('charge copies by the region they come from, and nothing within one', async () => {
    const to = (region: string) => ({
      target: { registry: HOST.replace('eu-central-1', region), repository: 'x' },
      bytesMoved: GIB,
    });
    expect(usd(await priced([event('Image Replicated', to('us-east-1'))]), 'replication')).toBeCloseTo(0.02, 6);
    expect(usd(await priced([event('Image Replicated', to('eu-central-1'))]), 'replication')).toBe(0);
    const outside = { target: { registry: 'ghcr.io', repository: 'x' }, bytesMoved: GIB };
    expect(usd(await priced([event('Image Replicated', outside)]), 'transfer')).toBeCloseTo(0.09, 6);
  });

  it('charge restores, pulls and scans as the configuration says, and the archive from when it was filled', async () => {
    const events = [
      event('Image Archived', {}),
      event('Image Restored', {}),
      event('Image Pulled', {}),
      event('Image Pulled', {}),
    ];
    const report = await priced(events, { pulls: 'internet', scanner: 'inspector' });
    expect(usd(report, 'restore')).toBeCloseTo(0.03, 6);
    expect(usd(report, 'transfer')).toBeCloseTo(0.18, 6);
    expect(usd(report, 'archive')).toBeCloseTo((0.004 * 23) / 31, 6);
    // It was there before the month.
    expect(usd(report, 'scan')).toBe(0);
    expect(usd(await priced(events), 'transfer')).toBe(0);
  });

  it('can be changed, region by region, and the amounts priced again give the same report', async () => {
    const changes = {
      prices: {
        asOf: '2026-11-01',
        usual: { storagePerGbMonth: 1 },
        regions: { 'eu-central-1': { storagePerGbMonth: 2 } },
      },
    };
    const report = await priced([event('SBOM Created', {})], changes);
    expect(usd(report, 'storage')).toBeCloseTo(2, 6);
    expect(report.prices.asOf).toBe('2026-11-01');
    const again = priceCharges({ ...report, charges: chargesOf(report) }, month, costConfigSchema.parse(changes));
    expect(again).toEqual(report);
    expect(readPrices({ bytesPerGb: 1e9 }, 'x')).toMatchObject({ bytesPerGb: 1e9, usual: { storagePerGbMonth: 0.1 } });
    expect(() => readPrices({ usual: { storagePerGbMonth: -1 } }, 'x')).toThrow(/storagePerGbMonth/);
    expect(readCarbonModel({ gridGramsPerKwh: { regions: { mars: 1 } } }, 'x').gridGramsPerKwh.regions).toMatchObject({
      mars: 1,
      'eu-north-1': 8,
    });
    expect(() => readCarbonModel({ pue: 0.5 }, 'x')).toThrow(/pue/);
  });

  it('that every part of a team has: half of a layer that another team holds, nothing of it alone', async () => {
    const shared = layer('shared', GIB);
    const catalog = await catalogOf(
      ['pay/a', 'shop/b'].map((name) =>
        entry(name, 'x', {
          registry: 'r.example',
          layers: [shared],
          sizeBytes: GIB,
          pushedAt: '2026-09-01T00:00:00.000Z',
          labels: { team: 'shop' },
        }),
      ),
    );
    const { lines, total } = await reportCost({ catalog, trail: trailOf([]) }, month, 'team', {
      cost: costConfigSchema.parse({}),
      storage,
    });
    expect(total.microUsd).toBe(100_000);
    expect(lines.map(({ owner, microUsd, marginalMicroUsd }) => [owner, microUsd, marginalMicroUsd])).toEqual([
      ['pay', 50_000, 0],
      ['shop', 50_000, 0],
    ]);
  });
});

describe('chargeback', () => {
  it('is safe in a spreadsheet and on a page, whatever owners are called', async () => {
    const hostile = ['=HYPERLINK("x")', '<script>alert(1)</script>', '+1', '\u202egpj.exe'];
    const catalog = await catalogOf(
      hostile.map((team, i) =>
        entry('a', `${i}`, { sizeBytes: 1e9, labels: { team }, pushedAt: '2026-10-02T00:00:00.000Z' }),
      ),
    );
    const report = await reportCost(
      { catalog, trail: trailOf([]) },
      month,
      { label: 'team' },
      { cost: costConfigSchema.parse({}), storage },
    );
    const csv = toCsv(chargebackRows(report));
    expect(csv).toContain(`"'=HYPERLINK(""x"")"`);
    expect(csv).toContain(",'+1,");
    const page = chargebackPage(report);
    expect(page).not.toContain('<script');
    expect(page).toContain('&lt;script&gt;');
    expect(page).not.toContain('\u202e');
    expect(page).toContain("default-src 'none'");
  });
});

describe('budgets and the forecast of a month', () => {
  const now = new Date('2026-11-16T00:00:00Z');
  const catalogue = () =>
    catalogOf(
      ['pay/a', 'shop/b'].map((name) =>
        entry(name, 'x', { sizeBytes: 10 * 2 ** 30, pushedAt: '2026-08-01T00:00:00.000Z' }),
      ),
    );

  it('expects a month of what has been stored for long to cost what it costs', async () => {
    const ports = { catalog: await catalogue(), trail: trailOf([]) };
    const settings = { cost: costConfigSchema.parse({}), storage };
    const forecast = await forecastCost(ports, now, 'repository', settings);
    expect(forecast.soFarUsd).toBeCloseTo(1, 4);
    expect(forecast.expectedUsd).toBeCloseTo(2, 2);
    expect(forecast.lowUsd).toBeLessThanOrEqual(forecast.expectedUsd);
    expect(forecast.short).toBeUndefined();
    const one = await forecastCost(ports, now, 'repository', settings, `${HOST}/pay/a`);
    expect(one.expectedUsd).toBeCloseTo(1, 2);
    const young = await catalogOf([entry('a', 'x', { pushedAt: '2026-11-15T12:00:00.000Z' })]);
    expect(await forecastCost({ catalog: young, trail: trailOf([]) }, now, 'repository', settings)).toMatchObject({
      short: 'there are less than three whole days to learn from',
    });
  });

  it('tells who is within, warned, expected over and over, by owners that fit', async () => {
    const ports = { catalog: await catalogue(), trail: trailOf([]) };
    const settings = { cost: costConfigSchema.parse({}), storage };
    const period = { from: Date.UTC(2026, 10, 1), until: now.getTime() };
    const report = await reportCost(ports, period, 'repository', settings);
    const forecast = await forecastCost(ports, now, 'repository', settings);
    const judge = (monthlyUsd: number, more: object = {}) => {
      const [budget] = costConfigSchema.parse({ budgets: [{ name: 'b', monthlyUsd, ...more }] }).budgets;
      if (budget === undefined) throw new Error('no budget');
      return judgeBudget(budget, report, forecast, 0.5);
    };
    expect(judge(10)).toMatchObject({ state: 'within', reached: [], willExceed: false });
    expect(judge(1.2, { forecast: false })).toMatchObject({ state: 'warned', reached: [0.8] });
    expect(judge(1.5)).toMatchObject({ state: 'expected-over', willExceed: true });
    expect(judge(0.9)).toMatchObject({ state: 'over', reached: [0.8, 1] });
    const payOnly = judge(0.9, { owners: ['**/pay/*'] });
    expect(payOnly).toMatchObject({ state: 'expected-over', owners: [{ owner: `${HOST}/pay/a` }] });
    expect(payOnly.spentUsd).toBeCloseTo(0.5, 4);
    expect(payOnly.expectedUsd).toBeCloseTo(1, 2);
  });

  it('are refused where two have one name, or a label has no name', () => {
    const budget = { name: 'b', monthlyUsd: 1 };
    expect(costConfigSchema.safeParse({ budgets: [budget, budget] }).success).toBe(false);
    expect(costConfigSchema.safeParse({ budgets: [{ ...budget, by: 'label' }] }).success).toBe(false);
  });
});
