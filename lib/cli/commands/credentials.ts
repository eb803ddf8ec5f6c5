import { Command } from '@commander-js/extra-typings';
import { dataOption, outputOption } from './options.ts';

export const credentialsCommand = () =>
  new Command('credentials').description('what registries are spoken to with').addCommand(
    new Command('check')
      .description('ask each configured registry what its credentials open, without writing anything')
      .option('-r, --registry <host>', 'only this one')
      .option('--repository <name>', 'the repository to ask about (default: the first that the registry lists)')
      .option('--config <file>', 'another configuration than that of cdk.json')
      .option('--aws', 'read secrets from AWS, also while a local stack runs')
      .addOption(outputOption())
      .addOption(dataOption())
      .addHelpText(
        'after',
        `
Secrets are read as you, not as the functions: from the local stack while one runs, else from AWS by the rules of its
SDK. They are never printed. "?" is what the registry does not tell before it is done.

Exit codes: 0 all that is needed works; 1 a registry says no; 2 one could not be asked.`,
      )
      .action(async (options) => {
        const { runCheck } = await import('../credentials/run-check.ts');
        await runCheck(options);
      }),
  );
