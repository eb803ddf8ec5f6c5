import { Command, Option } from '@commander-js/extra-typings';
import { dataOption, outputOption } from './options.ts';

export const mirrorsCommand = () =>
  new Command('mirrors')
    .description('what pull-through mirrors served from what they have, fetched and held')
    .addOption(new Option('--registry <url>', 'base address of an edge (default: the registries of the local stack)'))
    .addOption(new Option('--token-file <file>', 'token of a client of the edge'))
    .addOption(outputOption())
    .addOption(dataOption())
    .action(async (options) => {
      const { runMirrors } = await import('../run-mirrors.ts');
      await runMirrors(options);
    });
