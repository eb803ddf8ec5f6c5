import { setTimeout } from 'node:timers/promises';
import { Argument, Command } from '@commander-js/extra-typings';
import { ecrClient } from '../../aws/clients.ts';
import { LadingError } from '../../core/errors.ts';
import { plural } from '../../core/format-units.ts';
import { ecrLifecycle } from '../../lifecycle/adapters/ecr-lifecycle.ts';
import { harborRetention } from '../../lifecycle/adapters/harbor-retention.ts';
import {
  applyNatively,
  dialects,
  type NativeOutcome,
  type NativeRules,
  type RetentionConfig,
  type RetentionPlan,
} from '../../lifecycle/index.ts';
import { ecrPlace } from '../../storage/index.ts';
import { connect } from '../connection.ts';
import { answerNo } from '../exit-code.ts';
import { defuse, printJson, say } from '../output.ts';
import { postJson } from '../post-json.ts';
import { plansAnswer } from '../shapes.ts';
import { apiOption, dataOption, outputOption } from './options.ts';

const PAUSE_MS = 5_000;

interface Target {
  readonly of: string;
  readonly rules: NativeRules;
  readonly plans: readonly RetentionPlan[];
}

export const nativeCommand = (readConfig: (file: string) => RetentionConfig) =>
  new Command('native')
    .description(
      'has a registry carry out a policy by itself, where its language says the same; without --put only looks',
    )
    .addArgument(new Argument('<language>', 'whose rules').choices(['ecr', 'harbor'] as const))
    .requiredOption('--rules <file>', 'a JSON file with the setting "retention"')
    .option('--policy <name>', 'which of its policies; the first when absent')
    .option('--put', 'puts the rules where they would take what our plan takes, and nothing else', false)
    .option('--url <url>', "Harbor's address; user and password are in HARBOR_USER and HARBOR_PASSWORD")
    .option('--project <name>', "Harbor's project")
    .addOption(outputOption())
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (language, options) => {
      const { policies, ...config } = readConfig(options.rules);
      const policy = options.policy === undefined ? policies[0] : policies.find(({ name }) => name === options.policy);
      if (!policy) throw new LadingError('policy-unknown', `${options.rules} has no such policy`);
      const request = { config: { ...config, policies: [policy] }, most: 10_000 };
      const { plans } = await postJson(connect(options), '/api/retention/preview', request, plansAnswer);
      const own = plans.filter((plan) => plan.policy === policy.name);
      const targets = language === 'ecr' ? ecrTargets(own) : [harborTarget(own, options)];
      const outcomes: { readonly of: string; readonly outcome: NativeOutcome }[] = [];
      for (const { of, rules, plans: about } of targets) {
        const outcome = await applyNatively(rules, dialects[language], { of, policy, plans: about }, options);
        outcomes.push({ of, outcome });
        if (options.output !== 'json') for (const line of describe(of, outcome)) say(line);
      }
      if (options.output === 'json') printJson(outcomes);
      // What is not as it should be has an exit code of its own: a pipeline that looks for drift should notice.
      if (outcomes.some(({ outcome: { kind } }) => kind !== 'in-force' && kind !== 'put')) answerNo();
    });

function ecrTargets(plans: readonly RetentionPlan[]): readonly Target[] {
  return plans.flatMap((plan) => {
    const place = ecrPlace(plan.registry);
    if (place === undefined) return [];
    const rules = ecrLifecycle(ecrClient(place.region), place.account, () => setTimeout(PAUSE_MS));
    return [{ of: plan.repository, rules, plans: [plan] }];
  });
}

function harborTarget(
  plans: readonly RetentionPlan[],
  { url, project }: { readonly url?: string | undefined; readonly project?: string | undefined },
): Target {
  const { HARBOR_USER: user = '', HARBOR_PASSWORD: password = '' } = process.env;
  if (url === undefined || project === undefined || user === '' || !URL.canParse(url)) {
    throw new LadingError('options-missing', 'Harbor needs --url, --project, HARBOR_USER and HARBOR_PASSWORD');
  }
  const about = plans.filter(({ repository }) => repository.startsWith(`${project}/`));
  return { of: project, rules: harborRetention(new URL(url), { user, password }), plans: about };
}

function describe(of: string, outcome: NativeOutcome): readonly string[] {
  const name = defuse(of);
  switch (outcome.kind) {
    case 'inexact':
      return [`${name}: carried out by Lading`, ...outcome.losses.map((loss) => `  differs: ${defuse(loss)}`)];
    case 'in-force':
      return [`${name}: the rules are in force`];
    case 'differs':
      return [
        `${name}: nothing is put, ${plural(outcome.onlyNative.length, 'image')} would go that our plan keeps, and ${outcome.onlyOurs.length} stay that it takes`,
        ...[...outcome.onlyNative, ...outcome.onlyOurs].slice(0, 20).map((digest) => `  ${digest}`),
      ];
    case 'ready':
    case 'put': {
      const does = outcome.kind === 'put' ? 'the rules are put' : 'the rules can be put (--put)';
      const compared = outcome.previewed ? ', and take what our plan takes' : '; the registry makes no preview';
      return [`${name}: ${does}${outcome.drift ? ', in place of others' : ''}${compared}`];
    }
  }
}
