import { readFileSync } from 'node:fs';
import { Command, Option } from '@commander-js/extra-typings';
import { z } from 'zod';
import { LadingError } from '../../core/errors.ts';
import { parseJsonStrict } from '../../core/json.ts';
import { listPrices, type Prices, pricesSchema } from '../../cost/index.ts';
import { getJson } from '../api-client.ts';
import { connect, fromCaller } from '../connection.ts';
import { toCsv } from '../csv.ts';
import { printJson, say } from '../output.ts';
import { storageAnswer } from '../shapes.ts';
import { printTable } from '../table.ts';
import { apiOption, dataOption } from './options.ts';

export const costCommand = () =>
  new Command('cost').description('what images cost to keep').addCommand(
    new Command('report')
      .description('who stored how much in a month, fairly divided, and what that costs')
      .option('--month <YYYY-MM>', 'which month; the present one so far when absent; one to come if all stays as it is')
      .option('--label <name>', 'by the value of a label of the images, instead of by repository')
      .option('--registry', 'by registry, instead of by repository')
      .option('--prices <file>', 'a JSON file of prices instead of the list prices')
      .addOption(
        new Option('-o, --output <format>', 'how it is printed').choices(['table', 'json', 'csv']).default('table'),
      )
      .addOption(apiOption())
      .addOption(dataOption())
      .action(async (options) => {
        const { from, until } = monthOf(options.month, new Date());
        const by = options.label === undefined ? (options.registry ? 'registry' : 'repository') : 'label';
        const query = new URLSearchParams({ from, until, by, ...(options.label ? { label: options.label } : {}) });
        const report = await getJson(connect(options), `/api/cost/storage?${query}`, storageAnswer);
        const prices = readPrices(options.prices);
        const dollars = (gbMonths: number): string => (gbMonths * prices.storagePerGbMonth).toFixed(4);
        if (options.output === 'json') return printJson({ ...report, prices });
        const rows = report.lines.map((line) => [
          line.owner,
          line.fairGbMonths.toFixed(6),
          dollars(line.fairGbMonths),
          line.aloneGbMonths.toFixed(6),
          dollars(line.aloneGbMonths),
        ]);
        const head = ['OWNER', 'GB-MONTHS', 'USD', 'ALONE GB-MONTHS', 'ALONE USD'];
        if (options.output === 'csv') return void process.stdout.write(toCsv([head, ...rows]));
        printTable(head, rows);
        say(
          `${report.totalGbMonths.toFixed(6)} GB-months, ${dollars(report.totalGbMonths)} USD, from ${from} until ${until}, by prices of ${prices.asOf}; ALONE is what would go with the owner`,
        );
      }),
  );

function monthOf(month: string | undefined, now: Date): { readonly from: string; readonly until: string } {
  const [, year, number] = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(month ?? now.toISOString().slice(0, 7)) ?? [];
  if (year === undefined) throw new LadingError('month-invalid', `"${month}" is not a month like 2026-03`);
  const start = Date.UTC(Number(year), Number(number) - 1, 1);
  const end = Date.UTC(Number(year), Number(number), 1);
  // The present month ends now; one to come is told as if what is there stays, and nothing is added.
  const isPresent = start < now.getTime() && now.getTime() < end;
  return { from: new Date(start).toISOString(), until: (isPresent ? now : new Date(end)).toISOString() };
}

function readPrices(file: string | undefined): Prices {
  if (file === undefined) return listPrices;
  const parsed = pricesSchema.safeParse(parseJsonStrict(readFileSync(fromCaller(file)), { what: file }));
  if (parsed.success) return parsed.data;
  throw new LadingError('prices-invalid', `${file}: ${z.prettifyError(parsed.error)}`);
}
