import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toCsv } from '../../../../lib/cli/csv.ts';
import { readCsv } from '../../../../lib/formats/csv/index.ts';

async function* pieces(text: string, size: number): AsyncGenerator<string> {
  for (let i = 0; i < text.length; i += size) yield text.slice(i, i + size);
}
const read = (text: string, size = 7, limits?: Parameters<typeof readCsv>[1]) =>
  Array.fromAsync(readCsv(pieces(text, size), limits));

describe('CSV', () => {
  it('has quoted cells with quotes, commas and line ends, of either kind of line end', async () => {
    expect(await read('\ufeffa,b\r\n"x ""y"", z","1\n2"\n\n,\n"last"')).toEqual([
      ['a', 'b'],
      ['x "y", z', '1\n2'],
      ['', ''],
      ['last'],
    ]);
  });

  it.each(['"open', '"a"b,c', 'a"b'])('is refused where it is malformed: %s', async (text) => {
    await expect(read(text)).rejects.toMatchObject({ code: 'csv-malformed' });
  });

  it('stops at caps', async () => {
    const limits = { maxRow: 20, maxColumns: 3, maxRows: 2 };
    for (const text of ['x'.repeat(30), '1,2,3,4', 'a\nb\nc\n']) {
      await expect(read(text, 7, limits)).rejects.toMatchObject({ code: 'limit-exceeded' });
    }
  });

  it('reads what is written, in pieces of any size, but for the apostrophe before formulas', async () => {
    const cell = fc.string({ maxLength: 8 }).filter((text) => !/^[=+\-@\t\r]/.test(text));
    const rows = fc.array(fc.array(cell, { minLength: 1, maxLength: 4 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 9 }), async (given, size) => {
        const expected = given.filter((row) => row.length > 1 || row[0] !== '');
        // A byte order mark at the beginning is none of the first cell.
        if (given[0]?.[0]?.startsWith('\ufeff')) return;
        expect(await read(toCsv(given), size)).toEqual(expected);
      }),
    );
  });
});
