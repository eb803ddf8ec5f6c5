import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readBillFiles } from '../../../../lib/cli/cost/read-bill-files.ts';
import { isLadingError } from '../../../../lib/core/errors.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lading-bill-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const arn = 'arn:aws:ecr:eu-central-1:123456789012:repository/team/app';
const at = new Date('2026-10-05T00:00:00.000Z');
const rows = 2500;
const many = <T>(make: (i: number) => T): T[] => Array.from({ length: rows }, (_, i) => make(i));

/** Columns of a report as their exports name them, with one that nobody asks for. */
const cur = [
  { name: 'identity_line_item_id', data: many((i) => `line ${i}`) },
  { name: 'line_item_product_code', data: many((i) => (i % 5 === 0 ? 'AmazonEC2' : 'AmazonECR')) },
  { name: 'line_item_usage_type', data: many(() => 'EUC1-TimedStorage-ByteHrs') },
  { name: 'line_item_usage_account_id', data: many(() => '123456789012') },
  { name: 'line_item_resource_id', data: many((i) => (i % 2 === 0 ? arn : null)), nullable: true },
  { name: 'line_item_usage_start_date', data: many(() => at), type: 'TIMESTAMP' as const },
  { name: 'line_item_usage_amount', data: many((i) => i / 2), type: 'DOUBLE' as const },
  { name: 'line_item_unblended_cost', data: many((i) => i / 1000), type: 'DOUBLE' as const },
  { name: 'line_item_line_item_type', data: many(() => 'Usage') },
  { name: 'bill_payer_account_name', data: many(() => 'x'.repeat(20)) },
];
const focus = [
  { name: 'x_ServiceCode', data: many(() => 'AmazonECR') },
  { name: 'x_UsageType', data: many(() => 'EUC1-TimedStorage-ByteHrs') },
  { name: 'SubAccountId', data: many(() => '123456789012') },
  { name: 'ResourceId', data: many(() => arn) },
  { name: 'ChargePeriodStart', data: many(() => at), type: 'TIMESTAMP' as const },
  { name: 'ConsumedQuantity', data: many(() => 1.5), type: 'DOUBLE' as const },
  { name: 'BilledCost', data: many(() => 0.25), type: 'DOUBLE' as const },
  { name: 'BillingCurrency', data: many(() => 'USD') },
  { name: 'ChargeCategory', data: many((i) => (i === 0 ? 'Tax' : 'Usage')) },
  { name: 'RegionId', data: many(() => 'eu-central-1') },
];

async function fileOf(name: string, bytes: Uint8Array | ArrayBuffer | string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, typeof bytes === 'string' ? bytes : new Uint8Array(bytes));
  return path;
}
const read = (path: string) => Array.fromAsync(readBillFiles([path]));

describe('a report in Parquet', () => {
  it.each([
    ['SNAPPY', undefined],
    ['GZIP', (input: Uint8Array) => new Uint8Array(gzipSync(input))],
    ['ZSTD', (input: Uint8Array) => new Uint8Array(zstdCompressSync(input))],
    ['UNCOMPRESSED', undefined],
  ] as const)('of CUR 2.0 in %s says the same as the CSV of it', async (codec, compress) => {
    const options = {
      columnData: cur,
      codec,
      rowGroupSize: 1000,
      ...(compress ? { compressors: { [codec]: compress } } : {}),
    };
    const found = await read(await fileOf(`${codec}.parquet`, parquetWriteBuffer(options)));
    const text = (value: unknown): string =>
      value === null ? '' : value instanceof Date ? value.toISOString() : String(value);
    const csv = [cur.map(({ name }) => name), ...many((i) => cur.map(({ data }) => text(data[i])))];
    const same = await read(await fileOf(`${codec}.csv`, csv.map((row) => row.join(',')).join('\n')));
    expect(found).toHaveLength((rows * 4) / 5);
    expect(found).toEqual(same);
  });

  it('of FOCUS 1.0 with the columns of AWS is read as well', async () => {
    const found = await read(await fileOf('focus.parquet', parquetWriteBuffer({ columnData: focus })));
    expect(found).toHaveLength(rows);
    expect(found.slice(0, 2)).toMatchObject([
      { type: 'Tax' },
      {
        ...{ kind: 'storage', region: 'eu-central-1', account: '123456789012', repository: 'team/app' },
        ...{ from: at.toISOString(), usd: 0.25, amount: 1.5, type: 'Usage' },
      },
    ]);
  });

  it('without the columns of a report, or cut off, is refused by name', async () => {
    const other = parquetWriteBuffer({ columnData: [{ name: 'a', data: ['b'] }] });
    await expect(read(await fileOf('other.parquet', other))).rejects.toMatchObject({
      code: 'bill-invalid',
      message: expect.stringContaining('x_service_code'),
    });
    const whole = await readFile(await fileOf('whole.parquet', parquetWriteBuffer({ columnData: focus })));
    const cut = await fileOf('cut.parquet', whole.subarray(0, whole.length - 20));
    await expect(read(cut)).rejects.toMatchObject({ code: 'bill-unreadable' });
  });

  it('that is damaged anywhere is read or refused, and no other error comes of it', async () => {
    const columnData = focus.map((column) => ({ ...column, data: column.data.slice(0, 20) }));
    const whole = new Uint8Array(parquetWriteBuffer({ columnData }));
    const damage = fc.array(fc.tuple(fc.nat({ max: whole.length - 5 }), fc.nat({ max: 255 })), {
      minLength: 1,
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(damage, async (changes) => {
        const bytes = Uint8Array.from(whole);
        for (const [i, value] of changes) if (i >= 4) bytes[i] = value;
        try {
          await read(await fileOf('damaged.parquet', bytes));
        } catch (error) {
          expect(isLadingError(error)).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });
});
