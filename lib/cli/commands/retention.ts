import { readFileSync } from 'node:fs';
import { Argument, Command, Option } from '@commander-js/extra-typings';
import { z } from 'zod';
import { queueClient, runNow } from '../../aws/queues.ts';
import { systemClock } from '../../core/clock.ts';
import { shortDigest } from '../../core/digest.ts';
import { LadingError } from '../../core/errors.ts';
import { formatBytes, plural } from '../../core/format-units.ts';
import { parseImageReference } from '../../core/image-reference.ts';
import { parseJsonStrict } from '../../core/json.ts';
import { type DialectName, dialects, type RetentionConfig, retentionConfigSchema } from '../../lifecycle/index.ts';
import { callApi } from '../api-client.ts';
import { connect, fromCaller } from '../connection.ts';
import { answerNo } from '../exit-code.ts';
import { defuse, printJson, say } from '../output.ts';
import { postJson } from '../post-json.ts';
import { plansAnswer } from '../shapes.ts';
import { printTable } from '../table.ts';
import { inEvents } from './images.ts';
import { apiOption, dataOption, outputOption, wholeNumber } from './options.ts';
import { nativeCommand } from './retention-native.ts';
import { applyCommand, quarantinedCommand, releaseCommand, replayCommand } from './retention-quarantine.ts';

export const retentionCommand = () =>
  new Command('retention')
    .description('what is kept and what goes')
    .addCommand(previewCommand())
    .addCommand(explainCommand())
    .addCommand(applyCommand())
    .addCommand(replayCommand(readConfig))
    .addCommand(quarantinedCommand())
    .addCommand(releaseCommand())
    .addCommand(restoreCommand())
    .addCommand(importCommand())
    .addCommand(exportCommand())
    .addCommand(nativeCommand(readConfig));

const previewCommand = () =>
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
      for (const plan of plans) for (const line of summaryOf(plan)) say(line);
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
    });

function givenRules(options: {
  readonly rules?: string | undefined;
  readonly keepLast?: number | undefined;
  readonly keepDays?: number | undefined;
}): unknown {
  if (options.rules) return readConfig(options.rules);
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

function readConfig(file: string): RetentionConfig {
  const parsed = retentionConfigSchema.safeParse(parseJsonStrict(readFileSync(fromCaller(file)), { what: file }));
  if (parsed.success) return parsed.data;
  throw new LadingError('rules-invalid', `${file}: ${z.prettifyError(parsed.error)}`);
}

function summaryOf(plan: z.infer<typeof plansAnswer>['plans'][number]): readonly string[] {
  const { counts, since, refused, archiving } = plan;
  const money = plan.savesPerMonth > 0 ? `, ${plan.savesPerMonth.toFixed(2)} USD a month` : '';
  const aside = (counts.waiting ?? 0) + (counts.due ?? 0);
  return [
    `${defuse(`${plan.registry}/${plan.repository}`)}: ${plural(counts.keep ?? 0, 'tag')} kept, ${counts.expire} to expire, ${formatBytes(plan.freedBytes + plan.dueBytes)} freed${money}`,
    ...(archiving ? [`  archived: ${describeArchiving(archiving)}`] : []),
    ...(aside > 0 ? [`  ${aside} set aside, ${counts.due} of them to be deleted now`] : []),
    ...((counts.untag ?? 0) > 0 ? [`  ${plural(counts.untag ?? 0, 'tag')} to be taken away`] : []),
    ...(since
      ? [`  since ${since.since.slice(0, 16)}: ${since.appearedCount} more, ${since.disappearedCount} no longer`]
      : []),
    ...(refused ? [`  not carried out: ${defuse(refused)}`] : []),
  ];
}

function describeArchiving({
  bytes,
  keepUsdPerMonth,
  archiveUsdPerMonth,
  leastUsd,
  asOf,
}: NonNullable<z.infer<typeof plansAnswer>['plans'][number]['archiving']>): string {
  const dear = archiveUsdPerMonth >= keepUsdPerMonth ? '; that costs no less than keeping it' : '';
  return `${formatBytes(bytes)} for ${archiveUsdPerMonth.toFixed(4)} USD a month, at least ${leastUsd.toFixed(4)}, instead of ${keepUsdPerMonth.toFixed(4)} (prices of ${asOf})${dear}`;
}

const explanation = z.object({ fate: z.string(), because: z.array(z.string()) });

const explainCommand = () =>
  new Command('explain')
    .description('why an image is kept or would go, by the deployed rules or others')
    .addArgument(new Argument('<ref>', 'registry/repository:tag or registry/repository@sha256:…'))
    .option('--rules <file>', 'a JSON file with the setting "retention" instead of the deployed one')
    .addOption(outputOption())
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (ref, options) => {
      const connection = connect(options);
      const config = givenRules(options);
      const request = { ...(config ? { config } : {}), image: inEvents(ref, connection.local) };
      const { fate, because } = await postJson(connection, '/api/retention/explain', request, explanation);
      if (options.output === 'json') return printJson({ fate, because });
      process.stdout.write(`${defuse(fate)}\n`);
      for (const line of because) process.stdout.write(`  ${defuse(line)}\n`);
    });

const restoreCommand = () =>
  new Command('restore')
    .description('brings an archived image back to the registry it was in')
    .addArgument(new Argument('<ref>', 'registry/repository:tag or registry/repository@sha256:…'))
    .requiredOption('--reason <text>', 'why, for the audit trail')
    .option('--prefix <text>', "what the names of the stack's queues begin with", 'lading-')
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (ref, options) => {
      const { local } = connect(options);
      const { registry, repository, tag, digest } = parseImageReference(inEvents(ref, local));
      const request = { registry, repository, reference: digest ?? tag ?? 'latest', reason: options.reason };
      await runNow(queueClient(local), options.prefix, 'restore-images', systemClock.now(), request);
      say('it was asked for; "lading events --follow" shows "Image Restored" when it is back');
    });

const names = Object.keys(dialects) as DialectName[];
const languageArgument = () => new Argument('<language>', 'whose rules').choices(names);

const importCommand = () =>
  new Command('import')
    .description('reads cleanup rules of another registry, and prints them as the setting "retention"')
    .addArgument(languageArgument())
    .addArgument(new Argument('<file>', 'a JSON file as that registry has it'))
    .option('--repositories <glob>', 'the repositories that the rules are for, by the names they have here', '**')
    .action((language, file, options) => {
      const document = parseJsonStrict(readFileSync(fromCaller(file)), { what: file });
      const { policies, losses } = dialects[language as DialectName].read(document, options);
      printJson({ policies });
      tellLosses(losses);
    });

const exportCommand = () =>
  new Command('export')
    .description('writes a policy in the language of another registry, and says what that cannot express')
    .addArgument(languageArgument())
    .addArgument(new Argument('<file>', 'a JSON file with the setting "retention"'))
    .option('--policy <name>', 'which of its policies; the first when absent')
    .action((language, file, options) => {
      const { policies } = readConfig(file);
      const policy = options.policy === undefined ? policies[0] : policies.find(({ name }) => name === options.policy);
      if (!policy) {
        const known = policies.map(({ name }) => name).join(', ') || 'none';
        throw new LadingError('policy-unknown', `${file} has no such policy; it has ${known}`);
      }
      const { document, losses } = dialects[language as DialectName].write(policy);
      printJson(document);
      tellLosses(losses);
      // What was printed would not do the same: a script that applies it should notice.
      if (losses.length > 0) answerNo();
    });

function tellLosses(losses: readonly string[]): void {
  for (const loss of losses) say(`differs: ${defuse(loss)}`);
}
