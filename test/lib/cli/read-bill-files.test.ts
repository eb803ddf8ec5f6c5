import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { readBillFiles } from '../../../lib/cli/cost/read-bill-files.ts';

const folders: string[] = [];
afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
});

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bill-'));
  folders.push(folder);
  await writeFile(join(folder, name), content);
  return join(folder, name);
}

const BILL = `lineItem/ProductCode,lineItem/UsageType,lineItem/UsageStartDate,lineItem/UsageAmount,lineItem/UnblendedCost
AmazonECR,EUC1-TimedStorage-ByteHrs,2026-10-01T00:00:00Z,1.5,"0.15"
AmazonEC2,BoxUsage,2026-10-01T00:00:00Z,1,9
`;

describe('the files of a bill', () => {
  it('are CSV, plain or gzip, one after another', async () => {
    const files = [await file('a.csv', BILL), await file('b.csv.gz', gzipSync(BILL))];
    const lines = await Array.fromAsync(readBillFiles(files));
    expect(lines.map(({ kind, usd, region }) => [kind, usd, region])).toEqual([
      ['storage', 0.15, 'eu-central-1'],
      ['storage', 0.15, 'eu-central-1'],
    ]);
  });

  it('are told by name where they cannot be read', async () => {
    const read = (path: string) => Array.fromAsync(readBillFiles([path]));
    await expect(read(await file('c.parquet', 'PAR1…'))).rejects.toMatchObject({ code: 'bill-unreadable' });
    await expect(read('/no/such/bill.csv')).rejects.toMatchObject({ code: 'bill-unreadable' });
    const cut = gzipSync(BILL).subarray(0, 60);
    await expect(read(await file('d.csv.gz', cut))).rejects.toMatchObject({ code: 'bill-unreadable' });
    await expect(read(await file('e.csv', 'a,b\n1,2\n'))).rejects.toThrow(/e\.csv: it is no Cost and Usage Report/);
  });
});
