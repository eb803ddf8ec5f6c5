import { Argument, Command } from '@commander-js/extra-typings';
import { apiOption, dataOption, outputOption } from './options.ts';

export const advisoriesCommand = () =>
  new Command('advisories')
    .description('the advisories that a stack matches with')
    .addCommand(
      new Command('import')
        .description('put files of advisories into the inbox of a stack and have them compiled')
        .addArgument(
          new Argument(
            '<path...>',
            'folders or files as their publishers give them (docs/matching.md names the formats)',
          ),
        )
        .option(
          '--bucket <name>',
          'of a deployed stack (its output DocumentsBucketName), with the credentials of the SDK',
        )
        .option('--prefix <text>', "what the names of the stack's queues begin with", 'lading-')
        .addOption(outputOption())
        .addOption(dataOption())
        .action(async (paths, options) => {
          const { runImport } = await import('../run-advisories.ts');
          await runImport(paths, options);
        }),
    )
    .addCommand(
      new Command('status')
        .description('which snapshot of advisories is in force, and where it came from')
        .addOption(outputOption())
        .addOption(apiOption())
        .addOption(dataOption())
        .action(async (options) => {
          const { runStatus } = await import('../run-advisories.ts');
          await runStatus(options);
        }),
    );
