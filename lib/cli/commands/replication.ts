import { Argument, Command } from '@commander-js/extra-typings';
import { z } from 'zod';
import { queueClient, runNow } from '../../aws/queues.ts';
import { systemClock } from '../../core/clock.ts';
import { shortDigest } from '../../core/digest.ts';
import { formatBytes, plural } from '../../core/format-units.ts';
import { callApi, getJson } from '../api-client.ts';
import { connect } from '../connection.ts';
import { answerNo } from '../exit-code.ts';
import { defuse, printJson, say } from '../output.ts';
import { printTable } from '../table.ts';
import { apiOption, dataOption, outputOption } from './options.ts';

const place = z.object({ registry: z.string(), repository: z.string() });
const statusAnswer = z.object({
  replicas: z.array(
    z.object({
      ...{ source: place, target: place, rules: z.array(z.string()), equal: z.boolean() },
      ...{ manifests: z.number(), tags: z.number(), missing: z.number(), moved: z.number(), corrupted: z.number() },
      ...{ extra: z.number(), lagMs: z.number(), heldRoot: z.string(), expectedRoot: z.string() },
      ...{ lookedAt: z.string(), provenEqualAt: z.string().optional(), scrubbedAt: z.string().optional() },
    }),
  ),
});
const planAnswer = z.object({
  copies: z.array(
    z.object({
      ...{ source: place, target: place, rule: z.string(), root: z.string(), tags: z.array(z.string()) },
      ...{ arrived: z.boolean(), bytes: z.number() },
    }),
  ),
  more: z.number(),
});

const nameOf = ({ registry, repository }: z.infer<typeof place>): string => `${registry}/${repository}`;

export const replicationCommand = () =>
  new Command('replication')
    .description('copies, and whether they are equal to their sources')
    .addCommand(statusCommand());

const statusCommand = () =>
  new Command('status')
    .description('what was last found of every copy: what is missing, for how long, and when it was last proven equal')
    .option('--fail', 'exit with 1 where a copy is not equal')
    .addOption(outputOption())
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (options) => {
      const { replicas } = await getJson(connect(options), '/api/replication', statusAnswer);
      if (options.fail && replicas.some(({ equal }) => !equal)) answerNo();
      if (options.output === 'json') return printJson(replicas);
      if (replicas.length === 0) say('nothing was compared yet; "lading run reconcile" compares now');
      printTable(
        ['TARGET', 'SOURCE', 'STATE', 'MANIFESTS', 'LAG', 'PROVEN EQUAL', 'ROOT'],
        replicas.map((one) => [
          nameOf(one.target),
          nameOf(one.source),
          one.equal ? 'equal' : differencesOf(one),
          String(one.manifests),
          one.lagMs === 0 ? 'none' : `${Math.round(one.lagMs / 1000)} s`,
          one.provenEqualAt ?? 'never',
          shortDigest(one.heldRoot),
        ]),
      );
    });

function differencesOf(one: z.infer<typeof statusAnswer>['replicas'][number]): string {
  const parts = [
    one.missing > 0 ? `${one.missing} missing` : '',
    one.moved > 0 ? `${plural(one.moved, 'tag')} elsewhere` : '',
    one.corrupted > 0 ? `${one.corrupted} not whole` : '',
  ];
  return parts.filter(Boolean).join(', ') || 'not yet';
}

export const replicateCommand = () =>
  new Command('replicate')
    .description(
      'brings copies up to date now, by the deployed rules: what is missing, also of before the rules were made',
    )
    .addArgument(new Argument('[rule]', 'only by this rule').argOptional())
    .option('--repository <name>', 'only this repository of the source')
    .option('--dry-run', 'only tell what would be copied')
    .option('--prefix <text>', "what the names of the stack's queues begin with", 'lading-')
    .addOption(outputOption())
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (rule, options) => {
      const connection = connect(options);
      const only = { ...(rule ? { rule } : {}), ...(options.repository ? { repository: options.repository } : {}) };
      if (!options.dryRun) {
        const detail = { graceMs: 0, replicate: only };
        await runNow(queueClient(connection.local), options.prefix, 'reconcile', systemClock.now(), detail);
        say('it was asked for; "lading replication status" shows how far it is');
        return;
      }
      const response = await callApi(connection, '/api/replication/plan', { method: 'POST', body: only });
      const { copies, more } = planAnswer.parse(await response.json());
      if (options.output === 'json') return printJson({ copies, more });
      const due = copies.filter(({ arrived }) => !arrived);
      const bytes = due.reduce((sum, one) => sum + one.bytes, 0);
      say(
        `${plural(due.length, 'image')} to copy, ${formatBytes(bytes)} at most; ${copies.length - due.length} arrived before`,
      );
      if (more > 0) say(`${more} more are not shown`);
      printTable(
        ['SOURCE', 'TAGS', 'DIGEST', 'TARGET', 'RULE', 'SIZE'],
        due.map((one) => [
          nameOf(one.source),
          one.tags.join(',') || { text: 'untagged', style: 'dim' as const },
          shortDigest(one.root),
          nameOf(one.target),
          defuse(one.rule),
          formatBytes(one.bytes),
        ]),
      );
    });
