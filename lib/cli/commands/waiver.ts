import { Argument, Command } from '@commander-js/extra-typings';
import { getJson } from '../api-client.ts';
import { connect } from '../connection.ts';
import { paint, printJson, say } from '../output.ts';
import { postJson } from '../post-json.ts';
import { waiverAnswer, waiversAnswer } from '../security-shapes.ts';
import { printTable } from '../table.ts';
import { apiOption, dataOption, outputOption } from './options.ts';

export const waiverCommand = () =>
  new Command('waiver')
    .description('accept a vulnerability in some images until a day')
    .addCommand(addCommand())
    .addCommand(listCommand())
    .addCommand(removeCommand());

const addCommand = () =>
  new Command('add')
    .description('accept a vulnerability; the gate decides again about each image that it concerns')
    .addArgument(new Argument('<id>', 'the vulnerability, by any of its names: CVE-…, GHSA-…'))
    .requiredOption('--reason <text>', 'why it can be accepted')
    .requiredOption('--author <name>', 'who accepts it')
    .requiredOption('--until <time>', 'a day (2026-12-31) or a time (2026-12-31T12:00:00Z), at most 366 days ahead')
    .option('--image <glob>', 'in which images: a glob over registry/repository', '**')
    .option('--package <name>', 'only in the package of this name')
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (vulnerability, { reason, author, until, image, package: name, ...options }) => {
      const end = /^\d{4}-\d{2}-\d{2}$/.test(until) ? `${until}T00:00:00Z` : until;
      const request = { vulnerability, image, ...(name ? { package: name } : {}), reason, author, until: end };
      const { waiver } = await postJson(connect(options), '/api/waivers', request, waiverAnswer);
      process.stdout.write(`${waiver.id}\n`);
      say(`accepted until ${waiver.until}; the gate decides again`);
    });

const listCommand = () =>
  new Command('list')
    .description('list waivers, the next to end first')
    .option('--all', 'those that ended or were taken back, too')
    .addOption(outputOption())
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (options) => {
      const answer = await getJson(connect(options), '/api/waivers', waiversAnswer);
      const waivers = answer.waivers.filter(({ state }) => options.all || state === 'in-force');
      if (options.output === 'json') return printJson(waivers);
      printTable(
        ['ID', 'VULNERABILITY', 'IMAGES', 'PACKAGE', 'UNTIL', 'STATE', 'BY', 'REASON'],
        waivers.map((one) => [
          one.id,
          one.vulnerability,
          one.image,
          one.package ?? 'any',
          one.until.slice(0, 16).replace('T', ' '),
          one.state,
          one.author,
          one.reason,
        ]),
      );
    });

const removeCommand = () =>
  new Command('remove')
    .description('take a waiver back')
    .addArgument(new Argument('<waiver>', 'its id'))
    .requiredOption('--by <name>', 'who takes it back')
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (id, { by, ...options }) => {
      const { waiver } = await postJson(connect(options), '/api/waivers/remove', { id, by }, waiverAnswer);
      say(`${paint('dim', waiver.id, process.stderr)} was taken back; the gate decides again`);
    });
