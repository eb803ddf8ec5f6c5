import { Argument, Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { bytesOf } from '../edge/parse-options.ts';
import { collect, dataOption, outputOption, plainHttpOption } from './options.ts';

const keyOption = () =>
  new Option(
    '--key <file>',
    'public key (PEM) of whoever signs desired states; more than once (default: the stack’s)',
  ).argParser(collect);

export const exportBundleCommand = () =>
  new Command('export')
    .description('write what a site lacks into a file that can be carried there, and goes on where it was broken off')
    .addArgument(
      new Argument('[image...]', 'instead of a desired state: HOST/REPOSITORY:TAG or @DIGEST, all of one registry'),
    )
    .requiredOption('--out <file>', 'the bundle; with --volume-size FILE.001, FILE.002, …')
    .option('--site <name>', 'whose desired state is fetched from the registry --from')
    .option('--from <host>', 'the registry with the images')
    .option('--desired <file>', 'the signed desired state as a file')
    .option('--have <file>', 'what the site holds: its report, signed or bare (default: nothing)')
    .option('--have-image <image>', 'an image that the site holds, in the same registry; more than once', collect)
    .option('--volume-size <size>', 'split into files of this size, such as 4GiB or 700MiB', volumeOf)
    .addOption(
      new Option('--compress <form>', 'auto: zstd where most of the content is not compressed')
        .choices(['auto', 'none', 'zstd'] as const)
        .default('auto' as const),
    )
    .addOption(keyOption())
    .addOption(outputOption())
    .addOption(plainHttpOption())
    .addOption(dataOption())
    .action(async (images, options) => {
      const { runExport } = await import('../edge/run-export.ts');
      await runExport(images, options);
    });

export const importBundleCommand = () =>
  new Command('import')
    .description('verify a bundle and store what it brings; run again after a break, it goes on there')
    .addArgument(new Argument('<file...>', 'the bundle, or its volumes in order; - is standard input'))
    .requiredOption('--to <target>', 'HOST of a registry, or oci:DIR for an OCI image layout')
    .option('--site <name>', 'this site: a bundle for another is refused')
    .option('--under <prefix>', 'put before the names of repositories there, such as the prefix of a mirror')
    .option('--unsigned', 'take images that somebody named, without a signed desired state')
    .addOption(keyOption())
    .addOption(outputOption())
    .addOption(plainHttpOption())
    .addOption(dataOption())
    .addHelpText('after', '\nInto the folder of an edge that is not running: npm start -- --edge FILE --import BUNDLE')
    .action(async (files, options) => {
      const { runImport } = await import('../edge/run-import.ts');
      await runImport(files, options);
    });

const LEAST_VOLUME = 1024 * 1024;

function volumeOf(text: string): number {
  const bytes = bytesOf(text);
  if (bytes >= LEAST_VOLUME) return bytes;
  throw new InvalidArgumentError('A volume has 1MiB or more.');
}
