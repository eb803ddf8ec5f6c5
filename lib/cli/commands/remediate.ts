import { Argument, Command } from '@commander-js/extra-typings';
import { LadingError } from '../../core/errors.ts';
import { plural } from '../../core/format-units.ts';
import { bumpDockerfile } from '../../remediation/dockerfile.ts';
import { getJson } from '../api-client.ts';
import { connect } from '../connection.ts';
import { defuse, paint, printJson, say } from '../output.ts';
import { readForeignFile } from '../scan/foreign-file.ts';
import { plansAnswer } from '../security-shapes.ts';
import { inEvents } from './images.ts';
import { apiOption, dataOption, outputOption } from './options.ts';

export const remediateCommand = () =>
  new Command('remediate').description('what to change so that findings go away').addCommand(
    new Command('plan')
      .description('the smallest change that clears the most; without an image, all in the order that helps most')
      .addArgument(new Argument('[ref]', 'registry/repository:tag or registry/repository@sha256:…'))
      .option('--dockerfile <file>', "print this Dockerfile with the newer base's digest in place instead")
      .option('--pull-request', 'print the text for a pull request instead')
      .addOption(outputOption())
      .addOption(apiOption())
      .addOption(dataOption())
      .action(async (ref, options) => {
        const connection = connect(options);
        const query = ref === undefined ? '' : `?ref=${encodeURIComponent(inEvents(ref, connection.local))}`;
        const { plans } = await getJson(connection, `/api/remediation${query}`, plansAnswer);
        if (options.output === 'json') return printJson(plans);
        if (options.dockerfile !== undefined) return printDockerfile(options.dockerfile, plans[0]?.base);
        if (plans.length === 0) return say('no change is known that clears anything');
        for (const plan of plans) {
          if (options.pullRequest) {
            const lines = [plan.pullRequest.title, '', ...plan.pullRequest.body.split('\n')];
            process.stdout.write(`${lines.map(defuse).join('\n')}\n`);
            continue;
          }
          process.stdout.write(`${paint('bold', defuse(plan.image))}\n`);
          for (const change of plan.changes) process.stdout.write(`  ${defuse(change)}\n`);
          const dependents = plan.dependents?.length ? `; ${plural(plan.dependents.length, 'image')} built on it` : '';
          const introduced = plan.introduced.length > 0 ? `, brings in ${plan.introduced.length}` : '';
          process.stdout.write(
            `  clears ${plural(plan.cleared.length, 'finding')}${introduced}, leaves ${plan.left}${dependents}\n`,
          );
          const { actions, dryRun } = plan.asks ?? { actions: [], dryRun: true };
          if (actions.length > 0) {
            process.stdout.write(`  ${dryRun ? 'would ask' : 'is asked'} for ${defuse(actions.join(', '))}\n`);
          }
        }
      }),
  );

/** Only the text that is asked for: what becomes of it is the caller's. */
async function printDockerfile(
  file: string,
  base: { from: string; to: string; name: string } | undefined,
): Promise<void> {
  if (base === undefined) throw new LadingError('plan-unknown', 'no newer base is known that clears anything');
  const text = Buffer.from(await readForeignFile(file)).toString('utf8');
  const bumped = bumpDockerfile(text, { kind: 'newer-base', ...base });
  if (bumped === undefined) throw new LadingError('plan-unknown', `no line of ${file} builds on ${base.name}`);
  process.stdout.write(bumped);
}
