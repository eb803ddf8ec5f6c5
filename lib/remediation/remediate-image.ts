import { compileGlobs } from '../core/glob.ts';
import type { ImageLocation } from '../core/image-reference.ts';
import { draftEvent, type EventDraft, type ImageSubject, remediationPlanned } from '../events/index.ts';
import type { RemediationAction, RemediationConfig } from './config.ts';
import { describeChange } from './describe-plan.ts';
import type { RemediationPlan } from './model.ts';
import { planRemediation } from './plan-remediation.ts';
import type { ActionRunner, ImageKnowledge } from './ports.ts';

/** The plan for an image, where there is one that is worth its while. */
export async function planFor(
  knowledge: ImageKnowledge,
  subject: ImageLocation,
  { minimumWorth }: Pick<RemediationConfig, 'minimumWorth'>,
): Promise<RemediationPlan | undefined> {
  const known = await knowledge.around(subject);
  const image = known.find(
    ({ digest, registry, repository }) =>
      digest === subject.digest && registry === subject.registry && repository === subject.repository,
  );
  const plan = image && planRemediation(image, known);
  return plan && plan.worth >= minimumWorth ? plan : undefined;
}

/** What the rules ask for when an image can be mended. */
export const actionsFor = (
  subject: Pick<ImageSubject, 'registry' | 'repository'>,
  { rules }: RemediationConfig,
): readonly RemediationAction[] =>
  rules
    .filter(({ repositories }) => compileGlobs(repositories)(`${subject.registry}/${subject.repository}`))
    .flatMap(({ actions }) => actions);

/**
 * Asks for what the rules say, unless this is a dry run, and tells of it. Whoever calls it makes sure that it is done
 * once for each cause, and the runner that each action is. One that fails keeps the others from nothing.
 *
 * @throws LadingError of the first action that failed
 */
export async function carryOut(
  runner: ActionRunner,
  subject: ImageSubject,
  plan: RemediationPlan,
  config: RemediationConfig,
): Promise<readonly EventDraft[]> {
  const actions = actionsFor(subject, config);
  const failures: unknown[] = [];
  for (const action of config.dryRun ? [] : actions) {
    await runner.run(action, plan, subject).catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
  return [
    draftEvent(remediationPlanned, {
      subject,
      changes: plan.changes.map(describeChange),
      cleared: plan.cleared.length,
      introduced: plan.introduced.length,
      left: plan.left,
      worth: plan.worth,
      cost: plan.cost,
      cause: plan.cause,
      dryRun: config.dryRun,
      actions: actions.map(({ kind }) => kind),
    }),
  ];
}
