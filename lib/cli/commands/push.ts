import { Argument, Command } from '@commander-js/extra-typings';
import { dataOption, imageHelp, outputOption, plainHttpOption } from './options.ts';

export const pushCommand = () =>
  new Command('push')
    .description('copy an image with all that belongs to it into the local stack, or to another registry')
    .addArgument(new Argument('<image>', 'where it is, see below'))
    .addArgument(
      new Argument(
        '[name]',
        'NAME[:TAG] in the local stack, or HOST/NAME[:TAG] (default: as at the source)',
      ).argOptional(),
    )
    .addOption(outputOption())
    .addOption(plainHttpOption())
    .addOption(dataOption())
    .addHelpText('after', imageHelp)
    .action(async (source, name, options) => {
      const { runPush } = await import('../run-push.ts');
      await runPush(source, name, options);
    });
