import { Command, Option } from '@commander-js/extra-typings';
import { plural } from '../../core/format-units.ts';
import { getJson } from '../api-client.ts';
import { connect } from '../connection.ts';
import { answerNo } from '../exit-code.ts';
import { paint, printJson, say, severityCell } from '../output.ts';
import { deadlinesAnswer } from '../security-shapes.ts';
import { printTable } from '../table.ts';
import { apiOption, dataOption, outputOption } from './options.ts';

const DAYS = ['critical', 'high', 'medium', 'low'] as const;

export const deadlinesCommand = () =>
  new Command('deadlines')
    .description('when findings are to be mended, from the moment when they could be; waivers stop the clock')
    .option('--repository <name>', 'only images of registry/repository')
    .addOption(new Option('--state <state>', 'only these').choices(['running', 'paused', 'overdue'] as const))
    .option('--critical <days>', 'days for critical findings (default: 7)')
    .option('--high <days>', 'days for high ones (default: 30)')
    .option('--medium <days>', 'days for medium ones (default: 90)')
    .option('--low <days>', 'days for low ones (default: 180)')
    .option('--fail', 'exit with 1 when something is overdue')
    .addOption(outputOption())
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (options) => {
      const query = new URLSearchParams();
      for (const name of ['repository', 'state', ...DAYS] as const) {
        const value = options[name];
        if (value !== undefined) query.set(name, value);
      }
      const answer = await getJson(connect(options), `/api/deadlines?${query}`, deadlinesAnswer);
      if (options.fail && answer.overdue > 0) answerNo();
      if (options.output === 'json') return printJson(answer);
      if (answer.deadlines.length > 0) {
        printTable(
          ['DUE', 'STATE', 'SEVERITY', 'ID', 'PACKAGE', 'VERSION', 'FIXED IN', 'IMAGE'],
          answer.deadlines.map((one) => [
            one.dueAt.slice(0, 10),
            one.state === 'overdue' ? paint('red', one.state, process.stdout) : one.state,
            severityCell(one.severity),
            ...[one.id, one.package, one.version, one.fixedVersions.join(', '), one.image],
          ]),
        );
      }
      say(`${plural(answer.overdue, 'finding')} overdue, in ${plural(answer.examined, 'image')}`);
      if (!answer.complete) say('there are more than were looked at or named: this list is not all of them');
    });
