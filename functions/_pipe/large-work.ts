import { z } from 'zod';
import { readEnvironment } from '../../lib/aws/environment.ts';
import { runTask, taskPlaceSchema } from '../../lib/aws/run-task.ts';
import { LadingError } from '../../lib/core/errors.ts';
import { parseJsonStrict } from '../../lib/core/json.ts';
import { environmentName } from './function.ts';
import { once } from './once.ts';
import { TASK_EVENT, TASK_LEASE_OWNER } from './run-as-task.ts';
import type { LargeWork } from './stage-handler.ts';

const schema = taskPlaceSchema.extend({ definition: z.string().min(1), aboveBytes: z.int().min(0) });
/** ECS takes 8,192 characters for all overrides of a task, as JSON in JSON (API reference, "TaskOverride"). */
const MOST_CHARACTERS = 7_500;

/** Where what is large is handed to; most stacks have no such tasks, and no task hands on. */
export const largeWork = once((): LargeWork | undefined => {
  const variable = environmentName.largeWork();
  const text = readEnvironment(variable);
  if (text === undefined) return undefined;
  const { definition, aboveBytes, ...place } = schema.parse(parseJsonStrict(text, { what: variable }));
  return {
    aboveBytes,
    tasks: {
      async start({ event, owner }, id) {
        const environment = [
          { name: TASK_EVENT, value: JSON.stringify(event) },
          { name: TASK_LEASE_OWNER, value: owner },
        ];
        if (JSON.stringify(environment).length > MOST_CHARACTERS) {
          throw new LadingError('event-too-long', 'the event is longer than what a task can be given');
        }
        const containers = [{ name: 'worker', environment }];
        await runTask(place, { definition, clientToken: id, startedBy: 'lading-large-work', containers });
      },
    },
  };
});
