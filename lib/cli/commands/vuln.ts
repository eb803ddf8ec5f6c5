import { Argument, Command } from '@commander-js/extra-typings';
import { plural } from '../../core/format-units.ts';
import { getJson } from '../api-client.ts';
import { connect } from '../connection.ts';
import { printJson, say, severityCell } from '../output.ts';
import { vulnerabilityAnswer } from '../security-shapes.ts';
import { broughtBy, printTable } from '../table.ts';
import { apiOption, dataOption, outputOption } from './options.ts';

export const vulnCommand = () =>
  new Command('vuln').description('a vulnerability, across all images').addCommand(
    new Command('show')
      .description('who has it, where it runs, and what to do')
      .addArgument(new Argument('<id>', 'by any of its names: CVE-…, GHSA-…'))
      .addOption(outputOption())
      .addOption(apiOption())
      .addOption(dataOption())
      .action(async (id, options) => {
        const path = `/api/vulnerability?id=${encodeURIComponent(id)}`;
        const answer = await getJson(connect(options), path, vulnerabilityAnswer);
        if (options.output === 'json') return printJson(answer);
        if (answer.images.length > 0) {
          printTable(
            ['IMAGE', 'TAGS', 'SEVERITY', 'PACKAGE', 'VERSION', 'FIXED IN', 'BROUGHT BY', 'RUNS', 'WHAT TO DO'],
            answer.images.flatMap((one) =>
              one.findings.map((finding) => [
                one.image,
                one.archived ? 'archived' : one.tags.join(', '),
                severityCell(finding.severity),
                finding.package.name,
                finding.package.version,
                finding.fixedVersions.join(', ') || finding.fixState,
                broughtBy(finding),
                one.runs.join(', ') || '-',
                one.plan?.join('; ') ?? '-',
              ]),
            ),
          );
        }
        const running = answer.images.filter(({ runs }) => runs.length > 0).length;
        say(`${plural(answer.images.length, 'image')} of ${answer.examined} affected, ${running} known to run`);
        if (!answer.complete) say('there are more images than were looked at: this list is not all of them');
      }),
  );
