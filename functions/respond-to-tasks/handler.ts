import { admissionConfigSchema, readTaskChange, respondToTask } from '../../lib/admission/index.ts';
import { stopTask } from '../../lib/aws/ecs-tasks.ts';
import { logger } from '../../lib/aws/telemetry.ts';
import { digestOf } from '../../lib/core/digest.ts';
import { canonicalJson } from '../../lib/core/json.ts';
import { runStage } from '../../lib/work/index.ts';
import { admissionJudge } from '../_pipe/admission-judge.ts';
import { eventsHandler } from '../_pipe/events-handler.ts';
import { once } from '../_pipe/once.ts';
import { setting, stagePorts } from '../_pipe/wiring.ts';

const config = once(() => setting('admission', admissionConfigSchema));
const stage = once(stagePorts);

export const handler = eventsHandler(async (event, delivery) => {
  const task = readTaskChange(event.detail);
  if (task === undefined) return logger.info('no task that begins or runs');
  await runStage(stage(), {
    // A task is looked at once for each set of images: its later changes name the same ones.
    key: { subject: task.taskArn, stage: 'task', version: digestOf(canonicalJson(task.containers)) },
    ...delivery,
    cause: { root: event.id },
    perform: () =>
      respondToTask({ trust: admissionJudge(), stopper: { stop: (given) => stopTask(given) } }, task, config()),
  });
});
