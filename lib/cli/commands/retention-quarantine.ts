import { Argument, Command } from '@commander-js/extra-typings';
import { queueClient, runNow } from '../../aws/queues.ts';
import { systemClock } from '../../core/clock.ts';
import { shortDigest } from '../../core/digest.ts';
import { formatBytes, plural } from '../../core/format-units.ts';
import { parseImageReference } from '../../core/image-reference.ts';
import type { RetentionConfig } from '../../lifecycle/index.ts';
import { getJson } from '../api-client.ts';
import { connect } from '../connection.ts';
import { defuse, printJson, say } from '../output.ts';
import { postJson } from '../post-json.ts';
import { quarantinedAnswer, replaysAnswer } from '../retention-shapes.ts';
import { printTable } from '../table.ts';
import { inEvents } from './images.ts';
import { apiOption, dataOption, outputOption, wholeNumber } from './options.ts';

const prefixOption = ['--prefix <text>', "what the names of the stack's queues begin with", 'lading-'] as const;

export const applyCommand = () =>
  new Command('apply')
    .description('plans now, and carries the plans out where the deployed setting is no dry run')
    .option(...prefixOption)
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (options) => {
      const { local } = connect(options);
      await runNow(queueClient(local), options.prefix, 'plan-retention', systemClock.now());
      say('it was asked for; "lading events --follow" shows what is done, and why something is not');
    });

export const replayCommand = (readConfig: (file: string) => RetentionConfig) =>
  new Command('replay')
    .description('what the deployed rules, or others, would have deleted in the past, and what of it was used later')
    .option('--since <days>', 'how far back, as in 30d', daysOf, 30)
    .option('--policy <file>', 'a JSON file with the setting "retention" instead of the deployed one')
    .addOption(outputOption())
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (options) => {
      const request = { days: options.since, ...(options.policy ? { config: readConfig(options.policy) } : {}) };
      const { replays } = await postJson(connect(options), '/api/retention/replay', request, replaysAnswer);
      if (options.output === 'json') return printJson(replays);
      for (const { registry, total, recordedSince, since, uses } of replays) {
        say(
          `${defuse(registry)}: ${plural(total.graphs, 'image')} would have been deleted (${formatBytes(total.bytes)}), ${total.regrets} of them used later (${formatBytes(total.regretBytes)}), ${total.rescued} put back in time`,
        );
        if (recordedSince === undefined || recordedSince > since) {
          say(`  events are recorded only since ${recordedSince ?? 'now'}: what was before is not known`);
        }
        if (uses === 0) say('  no pull and no start was recorded, so nothing shows what is used');
      }
      printTable(
        ['REPOSITORY', 'TAGS', 'DIGEST', 'DELETED', 'USED', 'HOW', 'BYTES', 'WHY'],
        replays.flatMap(({ regretted }) =>
          regretted.map((one) => [
            one.repository,
            one.tags.join(',') || { text: 'untagged', style: 'dim' as const },
            shortDigest(one.digest),
            one.deletedAt.slice(0, 10),
            one.usedAt.slice(0, 10),
            one.how,
            formatBytes(one.bytes),
            one.why,
          ]),
        ),
      );
    });

/** `30d`, or the number alone. */
const daysOf = (text: string): number => wholeNumber(1, 365)(text.replace(/d$/, ''));

export const quarantinedCommand = () =>
  new Command('quarantined')
    .description('what is set aside: its tags are gone, its bytes are there, and it can be put back')
    .addOption(outputOption())
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (options) => {
      const { quarantined } = await getJson(connect(options), '/api/retention/quarantine', quarantinedAnswer);
      if (options.output === 'json') return printJson(quarantined);
      printTable(
        ['REPOSITORY', 'TAGS', 'DIGEST', 'SINCE', 'UNTIL', 'WHY'],
        quarantined.map((one) => [
          one.repository,
          one.tags.map(({ tag }) => tag).join(',') || { text: 'untagged', style: 'dim' as const },
          shortDigest(one.root),
          one.quarantinedAt.slice(0, 16),
          one.until?.slice(0, 16) ?? 'somebody decides',
          one.why,
        ]),
      );
    });

export const releaseCommand = () =>
  new Command('release')
    .description('puts back exactly what was set aside')
    .addArgument(new Argument('<ref>', 'registry/repository:tag or registry/repository@sha256:…'))
    .requiredOption('--reason <text>', 'why, for the audit trail')
    .option(...prefixOption)
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (ref, options) => {
      const { local } = connect(options);
      const { registry, repository, tag, digest } = parseImageReference(inEvents(ref, local));
      const request = { registry, repository, reference: digest ?? tag ?? 'latest', reason: options.reason };
      await runNow(queueClient(local), options.prefix, 'restore-images', systemClock.now(), {
        ...request,
        only: 'quarantine',
      });
      say('it was asked for; "lading events --follow" shows "Image Released" when it is back');
    });
