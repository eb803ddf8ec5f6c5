import { digestOf } from '../core/digest.ts';
import { canonicalJson } from '../core/json.ts';
import type { RepositoryName } from '../inventory/index.ts';
import { runStage, type StagePorts, type StageWork } from '../work/index.ts';
import type { RemediationConfig } from './config.ts';
import type { RemediationPlan } from './model.ts';
import type { ActionRunner } from './ports.ts';

const STAGE = 'remediate';
const nameOf = ({ registry, repository }: RepositoryName): string => `${registry}/${repository}`;

/**
 * The work that carrying out a plan is. Its cause and not the event is what is done once: other news can lead to the same
 * change. What was only planned is still to be done.
 */
export const workOf = (
  of: RepositoryName,
  { cause }: RemediationPlan,
  { dryRun }: Pick<RemediationConfig, 'dryRun'>,
) => ({
  ...{ subject: nameOf(of), stage: STAGE, version: dryRun ? `${cause} planned` : cause },
});

/** Does each action once for a cause, however often another one fails and all is tried again. */
export const eachOnce = (
  stage: StagePorts,
  delivery: Omit<StageWork, 'key' | 'perform'>,
  runner: () => ActionRunner,
): ActionRunner => ({
  async run(action, plan, image) {
    const version = digestOf(canonicalJson([plan.cause, action]));
    await runStage(stage, {
      ...delivery,
      key: { subject: nameOf(image), stage: STAGE, version },
      perform: async () => {
        await runner().run(action, plan, image);
        return [];
      },
    });
  },
});
