import { describe, expect, it } from 'vitest';
import { type CostReport, readBill, reconcileBill } from '../../../lib/cost/index.ts';

async function* rowsOf(rows: readonly (readonly string[])[]): AsyncGenerator<readonly string[]> {
  yield* rows;
}
const lines = (rows: readonly (readonly string[])[]) => Array.fromAsync(readBill(rowsOf(rows)));

const HEAD = [
  'identity_line_item_id',
  'line_item_product_code',
  'line_item_usage_type',
  'line_item_usage_account_id',
  'line_item_resource_id',
  'line_item_usage_start_date',
  'line_item_usage_amount',
  'line_item_unblended_cost',
  'line_item_line_item_type',
  'product_region_code',
];
const ARN = (name: string) => `arn:aws:ecr:eu-central-1:123456789012:repository/${name}`;
const row = (id: string, usage: string, resource: string, usd: string, more: Partial<Record<number, string>> = {}) =>
  HEAD.map(
    (_, i) =>
      more[i] ??
      [id, 'AmazonECR', usage, '123456789012', resource, '2026-10-05T00:00:00.000Z', '1', usd, 'Usage', 'eu-central-1'][
        i
      ] ??
      '',
  );

describe('a Cost and Usage Report', () => {
  it('is read by the names of CUR 2.0 and of legacy reports, and only its lines about images', async () => {
    const legacy = HEAD.map((name) =>
      name.replace(
        /^(identity|line_item|product)_/,
        (_, group: string) => `${group === 'line_item' ? 'lineItem' : group}/`,
      ),
    ).map((name) =>
      name
        .replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
        .replace(/\/([a-z])/, (one) => one.toUpperCase()),
    );
    expect(legacy[2]).toBe('lineItem/UsageType');
    for (const head of [HEAD, legacy]) {
      const found = await lines([
        head,
        row('1', 'EUC1-TimedStorage-ByteHrs', ARN('team/app'), '0.5'),
        row('2', 'EUC1-USE1-AWS-Out-Bytes', ARN('team/app'), '0.02'),
        row('3', 'EUC1-DataTransfer-Out-Bytes', '', '0.09'),
        row('4', 'BoxUsage', '', '70', { 1: 'AmazonEC2' }),
        row('5', 'EUC1-Lambda-GB-Second-ARM', 'arn:aws:lambda:x', '0.1', { 1: 'AWSLambda' }),
        row('6', 'EUC1-Request-ARM', '', '0.1', { 1: 'AWSLambda' }),
        row('7', 'EUC1-TimedStorage-Archive-ByteHrs', ARN('old'), '0.1'),
        row('8', 'EUC1-Something-New', '', '0.3'),
      ]);
      expect(found.map(({ id, kind, repository, region }) => [id, kind, repository, region])).toEqual([
        ['1', 'storage', 'team/app', 'eu-central-1'],
        ['2', 'replication', 'team/app', 'eu-central-1'],
        ['3', 'transfer', undefined, 'eu-central-1'],
        ['5', 'compute', undefined, 'eu-central-1'],
        ['6', 'requests', undefined, 'eu-central-1'],
        ['7', 'archive', 'old', 'eu-central-1'],
        ['8', 'other', undefined, 'eu-central-1'],
      ]);
    }
  });

  it('has its region by the prefix of the usage type where no column tells', async () => {
    const head = HEAD.slice(0, 9);
    const found = await lines([
      head,
      row('1', 'APN1-TimedStorage-ByteHrs', '', '1').slice(0, 9),
      row('2', 'TimedStorage-ByteHrs', '', '1').slice(0, 9),
      row('3', 'XYZ9-TimedStorage-ByteHrs', '', '1').slice(0, 9),
    ]);
    expect(found.map(({ region }) => region)).toEqual(['ap-northeast-1', 'us-east-1', 'elsewhere']);
  });

  it('is refused where it is none, has no numbers, or is not in US dollars', async () => {
    await expect(lines([['a', 'b']])).rejects.toMatchObject({ code: 'bill-invalid' });
    await expect(lines([])).rejects.toMatchObject({ code: 'bill-invalid' });
    await expect(lines([HEAD, row('1', 'TimedStorage-ByteHrs', '', 'a lot')])).rejects.toMatchObject({
      code: 'bill-invalid',
    });
    const head = [...HEAD, 'line_item_currency_code'];
    await expect(lines([head, [...row('1', 'TimedStorage-ByteHrs', '', '1'), 'EUR']])).rejects.toMatchObject({
      code: 'bill-invalid',
    });
  });
});

describe('reconciliation', () => {
  const part = (kind: 'storage' | 'replication', microUsd: number) => ({
    ...{ kind, region: 'eu-central-1', amount: '1', marginal: '0', microUsd, micrograms: 0 },
  });
  const owner = (name: string, ...parts: ReturnType<typeof part>[]) => ({
    ...{ owner: `123456789012.dkr.ecr.eu-central-1.amazonaws.com/${name}`, micrograms: 0, marginalMicroUsd: 0, parts },
    microUsd: parts.reduce((sum, { microUsd }) => sum + microUsd, 0),
  });
  const report: CostReport = {
    from: '2026-10-01T00:00:00.000Z',
    until: '2026-11-01T00:00:00.000Z',
    currency: 'USD',
    lines: [
      owner('team/app', part('storage', 1_020_000), part('replication', 200_000)),
      owner('team/two', part('storage', 500_000)),
      owner('team/unbilled', part('storage', 300_000)),
      { ...owner('x'), owner: 'ghcr.io/x', parts: [part('storage', 9_000_000)] },
    ],
    total: { microUsd: 0, micrograms: 0, parts: [] },
    ...{ prices: { asOf: '', sources: [] }, carbon: { asOf: '', sources: [] }, events: 0, cut: false, assumptions: [] },
  };

  it('says what matches, differs, and is only on one side, and what is not compared', async () => {
    const bill = readBill(
      rowsOf([
        HEAD,
        row('1', 'EUC1-TimedStorage-ByteHrs', ARN('team/app'), '0.5'),
        row('2', 'EUC1-TimedStorage-ByteHrs', ARN('team/app'), '0.5'),
        row('3', 'EUC1-TimedStorage-ByteHrs', ARN('team/two'), '0.9'),
        row('4', 'EUC1-TimedStorage-ByteHrs', ARN('stranger'), '0.25'),
        row('5', 'EUC1-USE1-AWS-Out-Bytes', ARN('team/app'), '0.2'),
        row('6', 'EUC1-TimedStorage-ByteHrs', ARN('team/app'), '5', { 5: '2026-09-30T23:00:00.000Z' }),
        row('7', 'EUC1-TimedStorage-ByteHrs', '', '0.35', { 8: 'Tax' }),
        row('8', 'EUC1-Something-New', '', '0.3'),
      ]),
    );
    const found = await reconcileBill(bill, report);
    expect(found.lines.map(({ kind, repository, state, lineCount }) => [kind, repository, state, lineCount])).toEqual([
      ['storage', 'team/two', 'differs', 1],
      ['storage', 'team/unbilled', 'only-ours', 0],
      ['storage', 'stranger', 'only-billed', 1],
      ['storage', 'team/app', 'matched', 2],
      ['replication', undefined, 'matched', 1],
    ]);
    expect(found.lines[3]).toMatchObject({ billedUsd: 1, ownUsd: 1.02, lines: ['1', '2'] });
    expect(found.lines[3]?.error).toBeCloseTo(0.02, 9);
    expect(found).toMatchObject({ outside: 1, billLines: 7 });
    expect(found.billedUsd).toBeCloseTo(2.35, 9);
    expect(found.matchedUsd).toBeCloseTo(1.2, 9);
    // 0.4 of "two" and all of the stranger's.
    expect(found.unexplainedUsd).toBeCloseTo(0.65, 9);
    expect(found.others).toEqual([
      { what: 'AmazonECR Tax', usd: 0.35, lineCount: 1 },
      { what: 'AmazonECR EUC1-Something-New', usd: 0.3, lineCount: 1 },
    ]);
  });

  it('compares by account and region where the bill names no repositories', async () => {
    const bill = readBill(rowsOf([HEAD, row('1', 'EUC1-TimedStorage-ByteHrs', '', '1.8')]));
    const found = await reconcileBill(bill, report);
    expect(found.lines.find(({ kind }) => kind === 'storage')).toMatchObject({
      ...{ repository: undefined, billedUsd: 1.8, state: 'matched' },
    });
  });
});
