import { Argument, Command, Option } from '@commander-js/extra-typings';
import { byOption, labelOption, ownerQuery } from '../storage/owners.ts';
import {
  apiOption,
  dataOption,
  imageHelp,
  outputOption,
  plainHttpOption,
  platformOption,
  wholeNumber,
} from './options.ts';

export const storageCommand = () =>
  new Command('storage')
    .description('what is stored, who shares it, and what could be done without')
    .addCommand(reportCommand())
    .addCommand(imageCommand())
    .addCommand(adviceCommand())
    .addCommand(duplicatesCommand())
    .addCommand(basesCommand())
    .addCommand(cachesCommand())
    .addCommand(gcCommand());

const reportCommand = () =>
  new Command('report')
    .description('bytes by owner, each blob once, and which layers are shared')
    .addOption(byOption())
    .addOption(labelOption())
    .addOption(
      new Option('-o, --output <format>', 'how it is printed; html is the page of the console, to keep')
        .choices(['table', 'json', 'csv', 'html'] as const)
        .default('table' as const),
    )
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (options) => {
      const { runReport } = await import('../storage/run-storage.ts');
      await runReport(options, ownerQuery(options));
    });

const imageCommand = () =>
  new Command('image')
    .description('what one image holds, with whom it shares it, and what would be freed if it went')
    .addArgument(new Argument('<ref>', 'registry/repository:tag or registry/repository@sha256:…'))
    .addOption(outputOption())
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (ref, options) => {
      const { runImage } = await import('../storage/run-storage.ts');
      await runImage(ref, options);
    });

const adviceCommand = () =>
  new Command('advice')
    .description('what an image could do without; by what the stack knows of its layers, or by reading them')
    .addArgument(new Argument('<image>', 'where it is, see below'))
    .option('--read', 'read the layers here, and compare files byte for byte; needs no running stack')
    .addOption(
      new Option('--zstd <level>', 'measure what zstd of this level would make of each layer').argParser(
        wholeNumber(1, 22),
      ),
    )
    .addOption(
      new Option('--sample <MiB>', 'measure only the beginning of each layer, so much of it unpacked').argParser(
        wholeNumber(1, 65_536),
      ),
    )
    .addOption(platformOption())
    .addOption(plainHttpOption())
    .addOption(outputOption())
    .addOption(apiOption())
    .addOption(dataOption())
    .addHelpText('after', imageHelp)
    .action(async (image, options) => {
      const { runAdvice } = await import('../storage/run-advice.ts');
      await runAdvice(image, options);
    });

const duplicatesCommand = () =>
  new Command('duplicates')
    .description('layers that store nearly the same, by what was read of them before')
    .addOption(
      new Option('--layers <number>', 'the largest layers that are compared')
        .argParser(wholeNumber(2, 2_000))
        .default(300),
    )
    .addOption(outputOption())
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (options) => {
      const { runDuplicates } = await import('../storage/run-storage.ts');
      await runDuplicates(options);
    });

const basesCommand = () =>
  new Command('bases')
    .description('on which bases images are built, how far behind, and what merging would save')
    .addOption(outputOption())
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (options) => {
      const { runBases } = await import('../storage/run-storage.ts');
      await runBases(options);
    });

const cachesCommand = () =>
  new Command('caches')
    .description('what each build cache is worth: hits × time saved ÷ bytes')
    .addOption(new Option('--days <number>', 'in which hits are counted').argParser(wholeNumber(1, 400)).default(30))
    .addOption(outputOption())
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (options) => {
      const { runCaches } = await import('../storage/run-storage.ts');
      await runCaches(options);
    });

const gcCommand = () =>
  new Command('gc')
    .description("collect garbage: of the local stack's registries, or of a distribution registry's storage")
    .option('--distribution <dir>', 'the storage.filesystem.rootdirectory of a CNCF distribution registry')
    .option('--dry-run', 'only say what would be freed')
    .option('--delete-untagged', 'with --distribution: also manifests that no tag leads to, but for referrers of such')
    .addOption(
      new Option('--grace <minutes>', 'what was written since is kept: longer than the longest push')
        .argParser(wholeNumber(0, 100_000))
        .default(60),
    )
    .addOption(
      new Option('--settle <seconds>', 'with --distribution: how long contents are out of sight before they go')
        .argParser(wholeNumber(0, 3600))
        .default(5),
    )
    .addOption(outputOption())
    .addOption(dataOption())
    .action(async (options) => {
      const { runGc } = await import('../storage/run-gc.ts');
      await runGc(options);
    });
