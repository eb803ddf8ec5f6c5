import { Argument, Command, Option } from '@commander-js/extra-typings';
import {
  apiOption,
  collect,
  dataOption,
  imageHelp,
  outputOption,
  plainHttpOption,
  platformOption,
  wholeNumber,
} from './options.ts';

const allPlatformsOption = () => new Option('--all-platforms', 'of an index: all its images as one SBOM');
const noCacheOption = () => new Option('--no-cache', 'read every layer, also those that are known');

const formHelp = `
A form is one of
  table                              for people (default)
  cyclonedx-json[@1.6|@1.7]          CycloneDX
  cyclonedx-xml[@1.6|@1.7]
  spdx-json[@2.3|@3.0]               SPDX; 3.0 is JSON-LD
  spdx-tag-value
  native                             everything that is known, in Lading's own JSON
With =FILE it goes to a file, and -o can be given again. With --all-platforms, a file name that holds {platform}
gives one file for each image of the index.`;

const sbomHelp =
  '\nAn SBOM is a file in CycloneDX (JSON, XML), SPDX (JSON, tag-value), of Syft (JSON) or native, or an image:';

export const sbomCommand = () =>
  new Command('sbom')
    .description('list the packages of an image; needs no running stack')
    .enablePositionalOptions()
    .addArgument(new Argument('<image>', 'where it is, see below'))
    .addOption(
      new Option('-o, --output <form>', 'how to print, and where to, see below; may be repeated')
        .argParser(collect)
        .default(undefined, 'table'),
    )
    .addOption(platformOption())
    .addOption(allPlatformsOption())
    .addOption(noCacheOption())
    .option('--declared', 'also what lock files name where nothing of it is installed')
    .option('--merge', 'with what SBOMs found that others attached to the image and trusted keys signed')
    .option('--key <file...>', 'with --merge: files of the public keys that are trusted')
    .option('--unverified', 'with --merge: also SBOMs that nobody trusted has signed')
    .addOption(plainHttpOption())
    .addOption(dataOption())
    .addHelpText(
      'after',
      `${imageHelp}\n${formHelp}\n\nAn SBOM with gaps is printed with a warning, and the exit code is 1.`,
    )
    .action(async (image, options) => {
      const { parseOutputs } = await import('../sbom/outputs.ts');
      const outputs = parseOutputs(options.output ?? ['table']);
      const { makeSbom } = await import('../sbom/make-sbom.ts');
      const { printSbom } = await import('../sbom/print-sbom.ts');
      const made = await makeSbom(image, options);
      if (!options.merge) return printSbom(made, outputs);
      const { mergeFound } = await import('../sbom/merge-found.ts');
      await printSbom(await mergeFound(made, options), outputs);
    })
    .addCommand(diffCommand())
    .addCommand(qualityCommand())
    .addCommand(attachCommand());

const diffCommand = () =>
  new Command('diff')
    .description('what two SBOMs or images have differently; exit code 1 where they do')
    .addArgument(new Argument('<a>', 'an SBOM or an image'))
    .addArgument(new Argument('<b>', 'another'))
    .addOption(outputOption())
    .addOption(platformOption())
    .addOption(allPlatformsOption())
    .addOption(noCacheOption())
    .addOption(plainHttpOption())
    .addOption(dataOption())
    .addHelpText('after', `${sbomHelp}${imageHelp}`)
    .action(async (a, b, options) => {
      const { runDiff } = await import('../sbom/run-diff.ts');
      await runDiff(a, b, options);
    });

const qualityCommand = () =>
  new Command('quality')
    .description("how much an SBOM says: NTIA's minimum elements, fields of BSI TR-03183-2, files without a package")
    .addArgument(new Argument('<sbom|image>', 'an SBOM or an image'))
    .addOption(new Option('--fail-below <score>', 'exit with 1 below this score').argParser(wholeNumber(0, 100)))
    .addOption(outputOption())
    .addOption(platformOption())
    .addOption(allPlatformsOption())
    .addOption(noCacheOption())
    .addOption(plainHttpOption())
    .addOption(dataOption())
    .addHelpText('after', `${sbomHelp}${imageHelp}`)
    .action(async (text, options) => {
      const { runQuality } = await import('../sbom/run-quality.ts');
      await runQuality(text, options);
    });

const attachCommand = () =>
  new Command('attach')
    .description('give a stack the SBOM that another tool made of an image, to be kept and compared with its own')
    .addArgument(new Argument('<ref>', 'registry/repository:tag or registry/repository@sha256:…'))
    .addArgument(new Argument('<file>', 'CycloneDX (JSON, XML), SPDX (JSON, tag-value), or the JSON of Syft'))
    .option('--tool <name>', 'who made it, where the document does not say')
    .addOption(outputOption())
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (ref, file, options) => {
      const { runAttach } = await import('../sbom/run-attach.ts');
      await runAttach(ref, file, options);
    });
