import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../lib/core/digest.ts';
import { archivePricesOf, readPrices } from '../../../lib/cost/index.ts';
import { explainImage, planRetention, retentionConfigSchema } from '../../../lib/lifecycle/index.ts';
import { entry, HOST, layer } from '../storage/fill-catalog.ts';

const GB = 2 ** 30;
const now = new Date('2026-12-01T00:00:00.000Z');
const of = { registry: HOST, repository: 'app' };
const daysAgo = (days: number) => new Date(now.getTime() - days * 24 * 3600 * 1000).toISOString();
const archivePrices = archivePricesOf(readPrices({}, 'prices'))(HOST);

function plan(
  rules: readonly object[],
  options: { readonly shared?: boolean; readonly days?: number; readonly prices?: boolean } = {},
) {
  const pushedAt = daysAgo(options.days ?? 40);
  const big = layer('big', 10 * GB - 1000);
  const cold = entry('app', 'cold', { layers: [big], pushedAt });
  const warm = entry('app', 'warm', { layers: options.shared ? [big] : [], pushedAt });
  const config = retentionConfigSchema.parse({
    policies: [{ name: 'p', rules: [{ name: 'warm', select: { tags: ['warm'] }, action: 'keep' }, ...rules] }],
    maxDeletedShare: 1,
  });
  return planRetention({
    ...{ of, entries: [cold, warm], leases: [], heldElsewhere: () => false, config, now },
    tags: [
      { ...of, tag: 'cold', digest: cold.digest, boundAt: pushedAt },
      { ...of, tag: 'warm', digest: warm.digest, boundAt: pushedAt },
    ],
    ...(options.prices === false ? {} : { archivePrices }),
  });
}

const after = (days: number) => [{ olderThan: { days } }];
const toEcr = { name: 'cold', when: after(30), action: 'archive', storageClass: 'ecr-archive' };
const toBucket = { name: 'cold', when: after(30), action: 'archive' };
const gone = (days: number) => ({ name: 'gone', when: after(days), action: 'expire' });

describe('archiving, weighed against keeping', () => {
  it('costs what the price list says, for the days that are billed in any case', () => {
    const made = plan([toBucket]);
    // 10 GB at 0.004 a month, and 90 days of it; kept they are at 0.10.
    expect(made.archiving).toMatchObject({ bytes: 10 * GB, asOf: '2026-03-01' });
    expect(made.archiving?.archiveUsdPerMonth).toBeCloseTo(0.04);
    expect(made.archiving?.keepUsdPerMonth).toBeCloseTo(1);
    expect(made.archiving?.leastUsd).toBeCloseTo((0.04 * 90) / (365.25 / 12));
    expect(made.expire[0]?.costs).toBe(
      'archived 0.0400 USD a month, at least 0.12 USD for 90 days; kept 1.00 USD a month',
    );
  });

  it('is told to cost no less than keeping in ECR, and where the registry keeps the bytes for others', () => {
    expect(plan([toEcr]).expire[0]?.costs).toContain('archiving costs no less than keeping');
    const shared = plan([toBucket], { shared: true });
    expect(shared.archiving?.keepUsdPerMonth).toBeLessThan(0.001);
    expect(shared.expire[0]?.costs).toContain('archiving costs no less than keeping');
  });

  it('is not done where the image expires within the minimum stay and keeping it until then is cheaper', () => {
    const made = plan([toEcr, gone(60)]);
    expect(made.expire).toEqual([]);
    expect(made.archiving).toBeUndefined();
    expect(made.spared).toMatchObject([{ tags: ['cold'] }]);
    // In 20 days, looked at in steps of 30: 10 GB for a month against 90 days.
    expect(made.spared[0]?.why).toBe(
      'it would expire within 30 days: keeping it costs 0.99 USD until then, archiving it 2.96 USD for the 90 days that are billed in any case (prices of 2026-03-01)',
    );
    const { fate, because } = explainImage({ ...of, tag: 'cold' }, [made]);
    expect(fate).toBe('stays');
    expect(because[0]).toContain('it would expire within 30 days');
  });

  it('is done where that is cheaper all the same, where nothing would let it expire, or so late', () => {
    expect(plan([toBucket, gone(60)]).expire).toMatchObject([{ action: 'archive' }]);
    expect(plan([toEcr]).expire).toMatchObject([{ action: 'ecr-archive' }]);
    expect(plan([toEcr, gone(400)]).expire).toMatchObject([{ action: 'ecr-archive' }]);
  });

  it('is explained with its price', () => {
    const { because } = explainImage({ ...of, digest: digestOf('app cold') }, [plan([toBucket])]);
    expect(because).toContain('archived 0.0400 USD a month, at least 0.12 USD for 90 days; kept 1.00 USD a month');
  });

  it('is left alone where nobody gave prices', () => {
    const made = plan([toEcr, gone(60)], { prices: false });
    expect(made.expire).toHaveLength(1);
    expect(made.expire[0]).not.toHaveProperty('costs');
  });
});
