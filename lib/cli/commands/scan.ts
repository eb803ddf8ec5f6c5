import { Argument, Command, Option } from '@commander-js/extra-typings';
import { answerNo } from '../exit-code.ts';
import { scanFormats } from '../scan/formats.ts';
import { dataOption, imageHelp, plainHttpOption, platformOption } from './options.ts';
import { scanReportCommand } from './scan-report.ts';

const levels = ['critical', 'high', 'medium', 'low', 'never'] as const;

export const scanCommand = () =>
  new Command('scan')
    .description('find known vulnerabilities in an image or an SBOM; needs no running stack')
    .addArgument(
      new Argument('<image|sbom>', 'an image, see below, or a file with an SBOM: CycloneDX, SPDX, Syft, or our native'),
    )
    .option('--advisories <path...>', 'folders or files of advisories instead of those that come with Lading')
    .addOption(
      new Option('--fail-on <severity>', 'exit with 1 from this severity on').choices(levels).default('never' as const),
    )
    .option('--only-fixed', 'only what a newer version fixes')
    .option('--vex <file...>', 'VEX documents to go by: OpenVEX, CSAF, or CycloneDX with analyses')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(scanFormats).default('table' as const))
    .addOption(platformOption())
    .option('--all-platforms', 'of an index: the packages of all its images')
    .option('--no-cache', 'read layers and advisories anew, also those that are known')
    .addOption(plainHttpOption())
    .addOption(dataOption())
    .addHelpText(
      'after',
      `${imageHelp}\n\nWith --fail-on, an SBOM that is known to have gaps fails as well, and so do advisories that break off.`,
    )
    .addCommand(scanReportCommand())
    // Both have options of the same names; those after "report" are its own.
    .enablePositionalOptions()
    .action(async (text, options) => {
      const { runScan } = await import('../scan/run-scan.ts');
      if (await runScan(text, options)) answerNo();
    });
