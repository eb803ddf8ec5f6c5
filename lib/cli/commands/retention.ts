import { readFileSync } from 'node:fs';
import { Command, Option } from '@commander-js/extra-typings';
import { z } from 'zod';
import { shortDigest } from '../../core/digest.ts';
import { LadingError } from '../../core/errors.ts';
import { formatBytes, plural } from '../../core/format-units.ts';
import { parseJsonStrict } from '../../core/json.ts';
import { retentionConfigSchema } from '../../lifecycle/index.ts';
import { callApi } from '../api-client.ts';
import { connect, fromCaller } from '../connection.ts';
import { defuse, printJson, say } from '../output.ts';
import { plansAnswer } from '../shapes.ts';
import { printTable } from '../table.ts';
import { apiOption, dataOption, outputOption, wholeNumber } from './options.ts';

export const retentionCommand = () =>
  new Command('retention').description('what is kept and what goes').addCommand(
    new Command('preview')
      .description('what the deployed rules, or others, would delete now; nothing is deleted')
      .option('--rules <file>', 'a JSON file with the setting "retention" instead of the deployed one')
      .addOption(
        new Option('--keep-last <number>', 'try one rule: keep the newest so many tags of each repository').argParser(
          wholeNumber(0, 1_000_000),
        ),
      )
      .addOption(
        new Option('--keep-days <number>', 'try one rule: keep tags of so many days').argParser(wholeNumber(1, 36_500)),
      )
      .option('--repository <name>', 'only this repository')
      .addOption(outputOption())
      .addOption(apiOption())
      .addOption(dataOption())
      .action(async (options) => {
        const config = givenRules(options);
        const response = await callApi(connect(options), '/api/retention/preview', {
          method: 'POST',
          body: { ...(config ? { config } : {}), ...(options.repository ? { repository: options.repository } : {}) },
        });
        const { plans } = plansAnswer.parse(await response.json());
        if (options.output === 'json') return printJson(plans);
        for (const plan of plans) {
          say(
            `${defuse(`${plan.registry}/${plan.repository}`)}: ${plural(plan.keep.length, 'tag')} kept, ${plan.expire.length} to expire, ${formatBytes(plan.freedBytes)} freed`,
          );
          if (plan.refused) say(`  not carried out: ${defuse(plan.refused)}`);
        }
        printTable(
          ['REPOSITORY', 'TAGS', 'DIGEST', 'MANIFESTS', 'WHY'],
          plans.flatMap((plan) =>
            plan.expire.map((graph) => [
              plan.repository,
              graph.tags.join(',') || { text: 'untagged', style: 'dim' as const },
              shortDigest(graph.root),
              String(graph.deletes.length),
              graph.why,
            ]),
          ),
        );
      }),
  );

function givenRules(options: {
  readonly rules?: string | undefined;
  readonly keepLast?: number | undefined;
  readonly keepDays?: number | undefined;
}): unknown {
  if (options.rules) {
    const parsed = retentionConfigSchema.safeParse(
      parseJsonStrict(readFileSync(fromCaller(options.rules)), { what: options.rules }),
    );
    if (parsed.success) return parsed.data;
    throw new LadingError('rules-invalid', `${options.rules}: ${z.prettifyError(parsed.error)}`);
  }
  if (options.keepLast === undefined && options.keepDays === undefined) return undefined;
  const when = [
    ...(options.keepLast === undefined ? [] : [{ newest: { count: options.keepLast } }]),
    ...(options.keepDays === undefined ? [] : [{ youngerThan: { days: options.keepDays } }]),
  ];
  const rules = [
    { name: 'tried', select: { tagged: 'yes' }, when, action: 'keep' },
    { name: 'the rest', select: { tagged: 'yes' }, action: 'expire' },
  ];
  return retentionConfigSchema.parse({ policies: [{ name: 'tried', rules }] });
}
