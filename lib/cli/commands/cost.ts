import { Command, Option } from '@commander-js/extra-typings';
import { byOption, labelOption, ownerQuery } from '../storage/owners.ts';
import { apiOption, dataOption, outputOption, wholeNumber } from './options.ts';

const monthOption = () =>
  new Option('--month <YYYY-MM>', 'which month; the present one so far when absent; one to come if all stays as it is');
const pricesOption = () =>
  new Option('--prices <file>', 'a JSON file of prices, which take the place of those of the list that it names');
const carbonOption = () =>
  new Option('--carbon-model <file>', 'a JSON file that changes the model of energy and carbon');
const reportOutput = () =>
  new Option('-o, --output <format>', 'how it is printed')
    .choices(['table', 'json', 'csv', 'html'] as const)
    .default('table' as const);

export const costCommand = () =>
  new Command('cost')
    .description('what images cost, and whom')
    .addCommand(reportCommand())
    .addCommand(forecastCommand())
    .addCommand(budgetCommand())
    .addCommand(reconcileCommand())
    .addCommand(carbonCommand());

const reportCommand = () =>
  new Command('report')
    .description('storage, replication, restores, transfer, scans and functions of a month, fairly divided')
    .addOption(monthOption())
    .addOption(byOption())
    .addOption(labelOption())
    .addOption(pricesOption())
    .addOption(carbonOption())
    .addOption(reportOutput())
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (options) => {
      const { fetchCost } = await import('../cost/fetch-cost.ts');
      const { monthOf } = await import('../cost/month.ts');
      const { printCost } = await import('../cost/print-cost.ts');
      const report = await fetchCost(options, monthOf(options.month, new Date()), ownerQuery(options));
      printCost(report, options.output);
    });

const carbonCommand = () =>
  new Command('carbon')
    .description('grams of CO₂ equivalent of a month, for each image, by a model')
    .addOption(monthOption())
    .addOption(byOption())
    .addOption(labelOption())
    .addOption(carbonOption())
    .addOption(outputOption())
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (options) => {
      const { fetchCost } = await import('../cost/fetch-cost.ts');
      const { monthOf } = await import('../cost/month.ts');
      const { printCarbon } = await import('../cost/print-carbon.ts');
      const by = options.by ?? (options.label === undefined ? 'image' : undefined);
      const report = await fetchCost(options, monthOf(options.month, new Date()), ownerQuery({ ...options, by }));
      printCarbon(report, options.output);
    });

const forecastCommand = () =>
  new Command('forecast')
    .description('what the present month will cost, with an interval')
    .addOption(byOption())
    .addOption(labelOption())
    .option('--owner <name>', 'one owner, as reports name it')
    .addOption(outputOption())
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (options) => {
      const { runForecast } = await import('../cost/run-cost.ts');
      await runForecast(options, ownerQuery(options));
    });

const budgetCommand = () =>
  new Command('budget')
    .description('where each budget stands; exit code 1 where one is exceeded')
    .addOption(outputOption())
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (options) => {
      const { runBudgets } = await import('../cost/run-cost.ts');
      await runBudgets(options);
    });

const reconcileCommand = () =>
  new Command('reconcile')
    .description(
      "compare the ledger with AWS's Cost and Usage Report (CUR 2.0, FOCUS 1.0 or legacy; Parquet, CSV, also gzip)",
    )
    .argument('<file...>', 'the files of one report')
    .addOption(monthOption())
    .addOption(pricesOption())
    .addOption(
      new Option('--fail-above <percent>', 'exit with 1 where more than this share of the bill is unexplained')
        .argParser(wholeNumber(0, 100))
        .default(5),
    )
    .addOption(outputOption())
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (files, options) => {
      const { runReconcile } = await import('../cost/run-cost.ts');
      await runReconcile(files, options);
    });
