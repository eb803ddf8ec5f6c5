import { Argument, Command } from '@commander-js/extra-typings';
import { apiOption, dataOption } from './options.ts';

/** Its code is loaded when it is called: `lading scan` needs none of it. */
export const scanReportCommand = () =>
  new Command('report')
    .description('give the stack the report of another scanner about an image')
    .addArgument(new Argument('<ref>', 'registry/repository:tag or registry/repository@sha256:…'))
    .addArgument(new Argument('<file>', 'JSON of Trivy, Grype, Clair, Snyk, ECR, Inspector or Harbor; SARIF of any'))
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (ref, file, options) => {
      const { sendReport } = await import('../scan/send-report.ts');
      await sendReport(ref, file, options);
    });
