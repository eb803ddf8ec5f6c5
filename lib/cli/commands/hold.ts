import { Argument, Command, Option } from '@commander-js/extra-typings';
import { shortDigest } from '../../core/digest.ts';
import { LadingError } from '../../core/errors.ts';
import { getJson } from '../api-client.ts';
import { connect } from '../connection.ts';
import { answerNo } from '../exit-code.ts';
import { printJson, say } from '../output.ts';
import { postJson } from '../post-json.ts';
import { heldAnswer, holdsAnswer, liftedAnswer } from '../retention-shapes.ts';
import { printTable } from '../table.ts';
import { inEvents } from './images.ts';
import { apiOption, dataOption, outputOption } from './options.ts';

const refArgument = () => new Argument('<ref>', 'registry/repository:tag or registry/repository@sha256:…');

export const holdCommand = () =>
  new Command('hold')
    .description('keep an image out of reach of every rule, until somebody takes that back')
    .addCommand(placeCommand())
    .addCommand(listCommand())
    .addCommand(liftCommand());

const placeCommand = () =>
  new Command('place')
    .description('hold an image; what was set aside is put back')
    .addArgument(refArgument())
    .requiredOption('--name <text>', 'of the hold: a case, a release')
    .requiredOption('--reason <text>', 'why')
    .requiredOption('--by <name>', 'who')
    .addOption(
      new Option('--kind <kind>', 'of hold').choices(['legal', 'release', 'other'] as const).default('other' as const),
    )
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (ref, { name, reason, by, kind, ...options }) => {
      const connection = connect(options);
      const request = { image: inEvents(ref, connection.local), name, reason, by, kind };
      const { image, outcome } = await postJson(connection, '/api/holds', request, heldAnswer);
      if (outcome === 'condemned') throw tooLate(image);
      say(`${image} is held until "lading hold lift"`);
    });

const listCommand = () =>
  new Command('list')
    .description('list what is held, and by whom')
    .addOption(outputOption())
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (options) => {
      const { holds } = await getJson(connect(options), '/api/holds', holdsAnswer);
      if (options.output === 'json') return printJson(holds);
      printTable(
        ['REPOSITORY', 'DIGEST', 'NAME', 'KIND', 'SINCE', 'BY', 'REASON'],
        holds.map((one) => [
          one.repository,
          shortDigest(one.digest),
          one.name,
          one.kind,
          one.since.slice(0, 16),
          one.by,
          one.reason,
        ]),
      );
    });

const liftCommand = () =>
  new Command('lift')
    .description('take a hold back')
    .addArgument(refArgument())
    .requiredOption('--name <text>', 'of the hold')
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (ref, { name, ...options }) => {
      const connection = connect(options);
      const request = { image: inEvents(ref, connection.local), name };
      const { image, lifted } = await postJson(connection, '/api/holds/remove', request, liftedAnswer);
      say(lifted ? `${image} is no longer held as ${name}` : `${image} was not held as ${name}`);
      if (!lifted) answerNo();
    });

export const leaseCommand = () =>
  new Command('lease')
    .description('hold an image for some hours, for something that no collector sees')
    .addArgument(refArgument())
    .requiredOption('--name <text>', 'what uses it')
    .option('--hours <number>', 'for so long', Number, 48)
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (ref, { name, hours, ...options }) => {
      const connection = connect(options);
      const request = { image: inEvents(ref, connection.local), name, hours };
      const { image, outcome } = await postJson(connection, '/api/leases', request, heldAnswer);
      if (outcome === 'condemned') throw tooLate(image);
      say(`${image} is held for ${hours} hours`);
    });

const tooLate = (image: string): LadingError =>
  new LadingError('too-late', `${image} is being deleted at this moment`, {
    hint: 'what was archived can be brought back with "lading retention restore"',
  });
