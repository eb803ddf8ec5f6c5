import { Argument, Command } from '@commander-js/extra-typings';
import { plural } from '../../core/format-units.ts';
import { getJson } from '../api-client.ts';
import { connect } from '../connection.ts';
import { printJson, say } from '../output.ts';
import { votesAnswer } from '../security-shapes.ts';
import { printTable } from '../table.ts';
import { inEvents } from './images.ts';
import { apiOption, dataOption, outputOption } from './options.ts';

export const votesCommand = () =>
  new Command('votes')
    .description('the findings of every scanner that reported on an image, side by side')
    .addArgument(new Argument('<ref>', 'registry/repository:tag or registry/repository@sha256:…'))
    .option('--dissent', 'only those on which they differ')
    .addOption(outputOption())
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (ref, options) => {
      const connection = connect(options);
      const answer = await getJson(
        connection,
        `/api/votes?ref=${encodeURIComponent(inEvents(ref, connection.local))}`,
        votesAnswer,
      );
      const differs = (one: (typeof answer.agreements)[number]) => one.dissent.length > 0 || one.severityDiffers;
      const agreements = answer.agreements.filter((one) => !options.dissent || differs(one));
      if (options.output === 'json') return printJson({ ...answer, agreements });
      printTable(
        ['ID', 'PACKAGE', 'VERSION', 'FOUND BY', 'NOT FOUND BY'],
        agreements.map(({ id, package: pkg, found, dissent }) => [
          id,
          pkg.name,
          pkg.version,
          found.map(({ voter, severity }) => `${voter} (${severity})`).join(', '),
          dissent.join(', '),
        ]),
      );
      for (const { voter, version, database, receivedAt, findings } of answer.voters) {
        const age = database?.builtAt ? `, advisories of ${database.builtAt}` : '';
        say(`${voter}${version ? ` ${version}` : ''}: ${plural(findings, 'finding')}, received ${receivedAt}${age}`);
      }
      const agreed = answer.agreements.filter((one) => one.dissent.length === 0).length;
      say(`${agreed} of ${plural(answer.agreements.length, 'finding')} without dissent`);
    });
