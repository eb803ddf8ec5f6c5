import { z } from 'zod';
import { stopTask } from '../../aws/ecs-tasks.ts';
import { callJson, type JsonCall } from '../../aws/json-call.ts';
import { runTask, TASK_SERVICE, taskPlaceSchema } from '../../aws/run-task.ts';
import { LadingError } from '../../core/errors.ts';
import { REPORT_FILE } from '../drivers/commands.ts';
import { STARTED_BY } from '../ecr-scan-event.ts';
import type { TaskRunner, TaskState } from '../ports.ts';

/** What the infrastructure made for tasks, as one JSON variable. */
export const scannerTasksSchema = taskPlaceSchema.extend({
  bucket: z.string().min(1),
  /** ARNs of task definitions, by kind of scanner. */
  definitions: z.record(z.string(), z.string()),
});
export type ScannerTasks = Readonly<z.infer<typeof scannerTasksSchema>>;

const problem = z.object({ reason: z.string().nullish(), detail: z.string().nullish() });
const described = z.object({
  tasks: z
    .array(
      z.object({
        lastStatus: z.string(),
        stoppedReason: z.string().nullish(),
        containers: z
          .array(z.object({ name: z.string(), exitCode: z.int().nullish(), reason: z.string().nullish() }))
          .nullish(),
      }),
    )
    .nullish(),
  failures: z.array(problem).nullish(),
});

/** Tasks on Fargate (ECS API reference: RunTask, DescribeTasks, StopTask), told apart by `startedBy`. */
export function ecsTaskRunner(
  place: ScannerTasks,
  call: (call: JsonCall) => Promise<unknown> = callJson,
  stop: typeof stopTask = stopTask,
): TaskRunner {
  const ask = (operation: string, input: JsonCall['input']) =>
    call({ service: 'ecs', target: `${TASK_SERVICE}.${operation}`, input });
  return {
    async run(task, id) {
      const definition = place.definitions[task.scanner];
      if (definition === undefined) {
        throw new LadingError(
          'scanner-unknown',
          `there is no task definition for ${task.scanner}; deploy the stack again`,
        );
      }
      return runTask(
        place,
        {
          ...{ definition, clientToken: id, startedBy: STARTED_BY },
          containers: [
            { name: 'login', environment: loginVariables(task.registry) },
            { name: 'scanner', command: task.arguments },
            {
              name: 'courier',
              command: ['s3', 'cp', '--only-show-errors', REPORT_FILE, `s3://${place.bucket}/${task.reportKey}`],
            },
          ],
        },
        call,
      );
    },
    async look(handle) {
      const answer = described.parse(await ask('DescribeTasks', { cluster: place.cluster, tasks: [handle] }));
      const [task] = answer.tasks ?? [];
      // ECS forgets tasks an hour after their end.
      if (task === undefined) return { kind: 'stopped', reason: 'ECS does not know the task any more' };
      if (task.lastStatus !== 'STOPPED') return { kind: 'running' };
      return stateOf(task);
    },
    stop: (handle, reason) => stop({ cluster: place.cluster, task: handle, reason }),
  };
}

function stateOf({ containers, stoppedReason }: NonNullable<z.infer<typeof described>['tasks']>[number]): TaskState {
  const scanner = containers?.find(({ name }) => name === 'scanner');
  const exitCode = scanner?.exitCode ?? undefined;
  const others = (containers ?? []).filter(({ name, exitCode: code }) => name !== 'scanner' && (code ?? 0) !== 0);
  const words = [
    scanner?.reason,
    ...others.map(({ name, exitCode: code, reason }) => `${name} ended with ${code}${reason ? `: ${reason}` : ''}`),
    stoppedReason,
  ];
  const reason = words.filter(Boolean).join('; ').slice(0, 800);
  return { kind: 'stopped', ...(exitCode === undefined ? {} : { exitCode }), ...(reason ? { reason } : {}) };
}

/** Whose token the task is to fetch before it pulls, where the registry is an ECR; else nothing. */
function loginVariables(registry: string): readonly { readonly name: string; readonly value: string }[] {
  const region = /^\d{12}\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/.exec(registry)?.[1];
  return region === undefined
    ? []
    : [
        { name: 'ECR_HOST', value: registry },
        { name: 'ECR_REGION', value: region },
      ];
}
