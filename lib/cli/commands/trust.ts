import { Argument, Command } from '@commander-js/extra-typings';
import { answerNo } from '../exit-code.ts';
import { dataOption, outputOption, plainHttpOption } from './options.ts';
import { formatOption, keyOption } from './sign.ts';

export const trustCommand = () =>
  new Command('trust').description('what others signed, in older ways').addCommand(
    new Command('migrate')
      .description('verify what Docker Content Trust signed of a repository, and say what is to be done about each tag')
      .addArgument(new Argument('<repository>', 'HOST/REPOSITORY'))
      .option('--trust-data <folder>', 'metadata of Notary 1 (default: what docker keeps below ~/.docker/trust/tuf)')
      .option('--name <name>', 'the name that it was signed under, where it is another, such as docker.io/library/app')
      .option('--root-key <id...>', 'identifiers of root keys that are trusted; without, the root is taken as it is')
      .option('--sign', 'sign the tags that still are what was signed')
      .addOption(keyOption())
      .addOption(formatOption())
      .addOption(outputOption())
      .addOption(plainHttpOption())
      .addOption(dataOption())
      .addHelpText('after', '\nThe exit code is 1 where something is left to do.')
      .action(async (repository, options) => {
        const { runMigrate } = await import('../trust/run-migrate.ts');
        if (!(await runMigrate(repository, options))) answerNo();
      }),
  );
