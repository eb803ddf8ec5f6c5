import { z } from 'zod';
import { LadingError } from '../core/errors.ts';
import { callJson, type JsonCall } from './json-call.ts';

/** Where tasks of ECS run, as the infrastructure tells it. */
export const taskPlaceSchema = z.object({
  cluster: z.string().min(1),
  subnets: z.array(z.string()),
  securityGroups: z.array(z.string()),
  assignPublicIp: z.boolean(),
});
export type TaskPlace = Readonly<z.infer<typeof taskPlaceSchema>>;

export interface TaskStart {
  readonly definition: string;
  /** Asked again under the same token, ECS gives the task that it started (API reference, "clientToken"). */
  readonly clientToken: string;
  /** What tasks are told apart by. */
  readonly startedBy: string;
  readonly containers: readonly {
    readonly name: string;
    readonly command?: readonly string[];
    readonly environment?: readonly { readonly name: string; readonly value: string }[];
  }[];
}

export const TASK_SERVICE = 'AmazonEC2ContainerServiceV20141113';
const problem = z.object({ reason: z.string().nullish(), detail: z.string().nullish() });
const ran = z.object({
  tasks: z.array(z.object({ taskArn: z.string().max(1000) })).nullish(),
  failures: z.array(problem).nullish(),
});

/**
 * Starts one task on Fargate (ECS API reference, RunTask) and gives its ARN.
 *
 * @throws LadingError `task-not-started`, retryable where there is no room yet; those of `callJson`
 */
export async function runTask(
  { cluster, subnets, securityGroups, assignPublicIp }: TaskPlace,
  { definition, clientToken, startedBy, containers }: TaskStart,
  call: (call: JsonCall) => Promise<unknown> = callJson,
): Promise<string> {
  const answer = ran.parse(
    await call({
      ...{ service: 'ecs', target: `${TASK_SERVICE}.RunTask` },
      input: {
        ...{ cluster, taskDefinition: definition, launchType: 'FARGATE', count: 1, clientToken, startedBy },
        networkConfiguration: {
          awsvpcConfiguration: { subnets, securityGroups, assignPublicIp: assignPublicIp ? 'ENABLED' : 'DISABLED' },
        },
        overrides: { containerOverrides: containers },
      },
    }),
  );
  const [started] = answer.tasks ?? [];
  if (started) return started.taskArn;
  throw notStarted(answer.failures?.[0]);
}

/** There is no room, or not yet (ECS developer guide, "API failure reasons"); the rest is a mistake somewhere. */
function notStarted(failure: z.infer<typeof problem> | undefined): LadingError {
  const why = `${failure?.reason ?? 'no reason is given'}${failure?.detail ? `, ${failure.detail}` : ''}`.slice(0, 500);
  const retryable = /RESOURCE|CAPACITY|AGENT|Capacity/.test(why) || failure === undefined;
  return new LadingError('task-not-started', `ECS did not start the task: ${why}`, { retryable });
}
