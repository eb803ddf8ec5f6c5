import { Argument, Command } from '@commander-js/extra-typings';
import { dataOption, imageHelp, outputOption, plainHttpOption } from './options.ts';

export const pullCommand = () =>
  new Command('pull')
    .description('copy an image with all that belongs to it into an OCI image layout')
    .addArgument(new Argument('<image>', 'where it is, see below'))
    .addArgument(new Argument('<folder>', 'the layout, made where there is none; FOLDER[:REF]'))
    .addOption(outputOption())
    .addOption(plainHttpOption())
    .addOption(dataOption())
    .addHelpText('after', imageHelp)
    .action(async (image, folder, options) => {
      const { runPull } = await import('../run-push.ts');
      await runPull(image, folder, options);
    });
