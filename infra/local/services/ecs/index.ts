import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../../../lib/core/clock.ts';
import { describeError } from '../../../../lib/core/errors.ts';
import type { TaskBackend, TaskDefinition } from '../../template/backends.ts';
import type { EventInput } from '../events/model.ts';
import { AwsError, type Caller, jsonService, operation } from '../json-service.ts';
import type { LocalService } from '../service.ts';
import { type ContainerState, type OwnCode, runContainers, type TaskPlace } from './task-run.ts';

export interface EcsOptions {
  readonly accountId: string;
  readonly clock: Clock;
  readonly putEvent: (region: string, event: EventInput) => void;
  readonly localise: (text: string) => string;
  /** As the role of a task, by its ARN. */
  readonly upload: (roleArn: string, region: string, bucket: string, key: string, content: Uint8Array) => Promise<void>;
  /** The bundle of a function that a container runs, for a role by its ARN. */
  readonly codeOf: (roleArn: string, functionName: string) => OwnCode;
  readonly machine: TaskPlace['machine'];
}

interface Task {
  readonly arn: string;
  readonly clusterArn: string;
  readonly definition: TaskDefinition;
  readonly startedBy: string | undefined;
  readonly abort: AbortController;
  status: 'RUNNING' | 'STOPPED';
  stoppedReason: string | undefined;
  containers: readonly ContainerState[];
}

/** ECS tells of stopped tasks for an hour; here, of so many. */
const MOST_TASKS = 1_000;

const override = z.strictObject({
  name: z.string(),
  command: z.array(z.string()).optional(),
  environment: z.array(z.strictObject({ name: z.string(), value: z.string() })).optional(),
});
const runTask = z.strictObject({
  cluster: z.string(),
  taskDefinition: z.string(),
  launchType: z.literal('FARGATE').optional(),
  count: z.literal(1).optional(),
  clientToken: z.string().max(64).optional(),
  startedBy: z.string().max(128).optional(),
  networkConfiguration: z.unknown(),
  overrides: z.strictObject({ containerOverrides: z.array(override) }).optional(),
});
const describeTasks = z.strictObject({ cluster: z.string(), tasks: z.array(z.string()).min(1).max(100) });
const stopTask = z.strictObject({ cluster: z.string(), task: z.string(), reason: z.string().max(1024).optional() });

/**
 * Tasks of ECS as programs of this machine: what a scanner's container would run is looked for on PATH, and what runs
 * code of ours finds its bundle. A task is
 * over when its last container is, and the default bus is told of it (ECS developer guide, "Task state change events").
 */
export function openEcsService(options: EcsOptions): LocalService & TaskBackend {
  const definitions = new Map<string, TaskDefinition>();
  const tasks = new Map<string, Task>();
  const tokens = new Map<string, string>();
  const requireTask = (arn: string): Task => {
    const task = tasks.get(arn);
    if (task === undefined) throw new AwsError('InvalidParameterException', 'The referenced task was not found.');
    return task;
  };
  const start = (input: z.infer<typeof runTask>, caller: Caller): Task => {
    const known = tokens.get(input.clientToken ?? '');
    if (known !== undefined) return requireTask(known);
    const definition = definitions.get(input.taskDefinition);
    if (definition === undefined) throw new AwsError('ClientException', 'TaskDefinition not found.');
    const cluster = input.cluster.split('/').at(-1) ?? '';
    const id = randomUUID().replaceAll('-', '');
    const arn = `arn:aws:ecs:${caller.region}:${options.accountId}:task/${cluster}/${id}`;
    const task: Task = {
      ...{ arn, clusterArn: input.cluster, definition, startedBy: input.startedBy, abort: new AbortController() },
      ...{ status: 'RUNNING', stoppedReason: undefined, containers: [] },
    };
    tasks.set(arn, task);
    if (input.clientToken !== undefined) tokens.set(input.clientToken, arn);
    if (tasks.size > MOST_TASKS) tasks.delete(tasks.keys().next().value as string);
    void run(options, task, input, caller.region);
    return task;
  };
  const inCluster = (cluster: string) => ({ context: { 'ecs:cluster': cluster } });
  const passed = { context: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } };
  const service = jsonService({
    name: 'ecs',
    invalid: 'InvalidParameterException',
    operations: {
      RunTask: operation({
        input: runTask,
        permissions: ({ cluster, taskDefinition }) => [
          { action: 'ecs:RunTask', resource: taskDefinition, ...inCluster(cluster) },
          ...(definitions.get(taskDefinition)?.roleArns ?? []).map((resource) => ({
            ...{ action: 'iam:PassRole', resource },
            ...passed,
          })),
        ],
        run: (input, caller) => ({ tasks: [shown(start(input, caller))], failures: [] }),
      }),
      DescribeTasks: operation({
        input: describeTasks,
        permissions: (input) =>
          input.tasks.map((resource) => ({ action: 'ecs:DescribeTasks', resource, ...inCluster(input.cluster) })),
        run: (input) => ({
          tasks: input.tasks.flatMap((arn) => tasks.get(arn) ?? []).map(shown),
          failures: input.tasks.filter((arn) => !tasks.has(arn)).map((arn) => ({ arn, reason: 'MISSING' })),
        }),
      }),
      StopTask: operation({
        input: stopTask,
        permissions: ({ task, cluster }) => [{ action: 'ecs:StopTask', resource: task, ...inCluster(cluster) }],
        run: ({ task: arn, reason }) => {
          const task = requireTask(arn);
          task.stoppedReason ??= reason ?? 'Task stopped by user';
          task.abort.abort();
          return { task: shown(task) };
        },
      }),
    },
  });
  return {
    ...service,
    defineTask: (definition) => void definitions.set(definition.arn, definition),
    close: async () => {
      for (const task of tasks.values()) task.abort.abort();
    },
  };
}

const shown = ({ arn, clusterArn, definition, status, stoppedReason, containers, startedBy }: Task) => ({
  ...{ taskArn: arn, clusterArn, taskDefinitionArn: definition.arn, lastStatus: status, containers },
  ...{ launchType: 'FARGATE', group: `family:${definition.family}` },
  ...(startedBy === undefined ? {} : { startedBy }),
  ...(stoppedReason === undefined ? {} : { stoppedReason }),
});

async function run(options: EcsOptions, task: Task, input: z.infer<typeof runTask>, region: string): Promise<void> {
  const { localise, machine, upload, codeOf, putEvent, clock } = options;
  const given = new Map((input.overrides?.containerOverrides ?? []).map((one) => [one.name, one]));
  const containers = task.definition.containers.map((container) => ({
    ...container,
    command: given.get(container.name)?.command ?? [],
    environment: [...container.environment, ...(given.get(container.name)?.environment ?? [])],
  }));
  const roleArn = task.definition.taskRoleArn;
  const place: TaskPlace = {
    ...{ localise, machine },
    codeOf: (name) => codeOf(roleArn, name),
    upload: (bucket, key, content) => upload(roleArn, region, bucket, key, content),
  };
  try {
    task.containers = await runContainers(containers, place, task.abort.signal);
    task.stoppedReason ??= 'Essential container in task exited';
  } catch (error) {
    task.stoppedReason = describeError(error);
  }
  task.status = 'STOPPED';
  const detail = { ...shown(task), desiredStatus: 'STOPPED', stoppedAt: clock.now().toISOString() };
  putEvent(region, { source: 'aws.ecs', detailType: 'ECS Task State Change', detail });
}
