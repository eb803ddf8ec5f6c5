import { Argument, Command, Option } from '@commander-js/extra-typings';
import { dataOption, imageHelp, plainHttpOption, platformOption } from './options.ts';

export const sbomCommand = () =>
  new Command('sbom')
    .description('list the packages of an image; needs no running stack')
    .addArgument(new Argument('<image>', 'where it is, see below'))
    .addOption(
      new Option('-o, --output <format>', 'how to print')
        .choices(['table', 'cyclonedx-json', 'native'] as const)
        .default('table' as const),
    )
    .addOption(platformOption())
    .option('--all-platforms', 'of an index: all its images as one SBOM')
    .option('--no-cache', 'read every layer, also those that are known')
    .addOption(plainHttpOption())
    .addOption(dataOption())
    .addHelpText('after', `${imageHelp}\n\nAn SBOM with gaps is printed with a warning, and the exit code is 1.`)
    .action(async (image, options) => {
      const { makeSbom } = await import('../sbom/make-sbom.ts');
      const { printSbom } = await import('../sbom/print-sbom.ts');
      await printSbom(await makeSbom(image, options), options.output);
    });
