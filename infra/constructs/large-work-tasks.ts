import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DockerImageAsset, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import { CfnCluster, CfnTaskDefinition } from 'aws-cdk-lib/aws-ecs';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { IgnoreMode, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { FunctionDeclaration, LargeWorker } from '../../functions/_pipe/function.ts';
import type { LargeWorkConfig } from '../large-work-config.ts';
import { environmentOf, statementsOf } from './function-rights.ts';
import type { FunctionDefaults } from './lading-function.ts';
import { pascalCase } from './names.ts';
import type { SharedResources, TaskRights } from './shared-resources.ts';
import { allow, pullStatements, type RoleOfTasks, taskRole } from './task-role.ts';

export interface LargeWorkTasksProps {
  readonly config: LargeWorkConfig;
  readonly defaults: FunctionDefaults;
  /** What functions use, without these tasks: no task hands on what it was given. */
  readonly shared: SharedResources;
  readonly workers: readonly (FunctionDeclaration & { readonly name: LargeWorker })[];
  /** Of ECR repositories that an image of yours may be pulled from. */
  readonly repositoryArns: readonly string[];
}

const CODE = '/lading';
/** Runs the export `task` of the bundle in whose folder it is started. */
const ENTRY = ['node', '--input-type=module', '--eval', "const { task } = await import('./index.mjs'); await task();"];

/**
 * Functions as tasks of Fargate, for what takes longer than a function may: for each a definition with the variables and
 * the rights of the function, over one image of their bundles. Nothing runs, or costs, until a task is started.
 */
export class LargeWorkTasks extends Construct {
  readonly rights: Readonly<Record<LargeWorker, TaskRights>>;
  readonly definitions: readonly CfnTaskDefinition[];
  readonly roles: readonly RoleOfTasks[];

  constructor(
    scope: Construct,
    id: string,
    { config, defaults, shared, workers, repositoryArns }: LargeWorkTasksProps,
  ) {
    super(scope, id);
    const stack = Stack.of(this);
    const name = `${defaults.prefix}-large-work`;
    const logs = new LogGroup(this, 'Logs', {
      ...{ logGroupName: `/lading/${name}`, retention: defaults.logRetention, removalPolicy: RemovalPolicy.DESTROY },
    });
    const cluster = new CfnCluster(this, 'Cluster', {
      ...{ clusterName: name, capacityProviders: ['FARGATE'] },
      clusterSettings: [{ name: 'containerInsights', value: 'enabled' }],
    });
    const { image, pulledFrom } = this.imageOf(config, defaults.bundles, workers, repositoryArns);
    const execution = taskRole(this, 'ExecutionRole', 'With which ECS starts large work', [
      allow(['logs:CreateLogStream', 'logs:PutLogEvents'], [logs.logGroupArn]),
      ...pullStatements(pulledFrom),
    ]);
    const { subnets, securityGroups, assignPublicIp, aboveBytes } = config;
    const made = workers.map((worker) => {
      const statements = worker.uses.flatMap((use) => statementsOf(use, shared));
      const task = taskRole(this, `${pascalCase(worker.name)}Role`, `What ${worker.name} may do as a task`, statements);
      const definition = new CfnTaskDefinition(this, pascalCase(worker.name), {
        family: `${defaults.prefix}-${worker.name}`,
        requiresCompatibilities: ['FARGATE'],
        networkMode: 'awsvpc',
        runtimePlatform: { cpuArchitecture: 'ARM64', operatingSystemFamily: 'LINUX' },
        ...{ cpu: String(config.cpu), memory: String(config.memoryMb) },
        executionRoleArn: execution.role.roleArn,
        taskRoleArn: task.role.roleArn,
        containerDefinitions: [
          {
            ...{ name: 'worker', image, essential: true, readonlyRootFilesystem: true },
            ...{ entryPoint: ENTRY, workingDirectory: `${CODE}/${worker.name}`, user: '1000' },
            environment: Object.entries({
              ...environmentOf(worker.uses, shared),
              AWS_REGION: stack.region,
              POWERTOOLS_LOG_LEVEL: defaults.logLevel,
              LADING_TASK_SECONDS: String(config.hours * 3600),
            }).map(([variable, value]) => ({ name: variable, value })),
            logConfiguration: {
              logDriver: 'awslogs',
              options: {
                'awslogs-group': logs.logGroupName,
                'awslogs-region': stack.region,
                'awslogs-stream-prefix': worker.name,
              },
            },
          },
        ],
      });
      const place = { cluster: cluster.attrArn, subnets, securityGroups, assignPublicIp };
      const rights: TaskRights = {
        setting: stack.toJsonString({ ...place, aboveBytes, definition: definition.ref }),
        clusterArn: cluster.attrArn,
        definitionArns: [definition.ref],
        roleArns: [execution.role.roleArn, task.role.roleArn],
      };
      return { worker, task, definition, rights };
    });
    this.rights = Object.fromEntries(made.map(({ worker, rights }) => [worker.name, rights])) as Record<
      LargeWorker,
      TaskRights
    >;
    this.definitions = made.map(({ definition }) => definition);
    this.roles = [execution, ...made.map(({ task }) => task)];
  }

  /** The operator's image, or the bundles on a base that has Node: nothing is run to build that. */
  private imageOf(
    { base, image }: LargeWorkConfig,
    bundles: string,
    workers: LargeWorkTasksProps['workers'],
    repositoryArns: readonly string[],
  ): { readonly image: string; readonly pulledFrom: readonly string[] } {
    if (base === undefined) return { image: image ?? '', pulledFrom: repositoryArns };
    const names = workers.map(({ name }) => name);
    const copies = names.map((name) => `COPY ${name} ${CODE}/${name}`);
    const file = 'large-work.Dockerfile';
    writeFileSync(join(bundles, file), ['ARG BASE', 'FROM $BASE', ...copies, ''].join('\n'));
    const asset = new DockerImageAsset(this, 'Image', {
      ...{ directory: bundles, file, buildArgs: { BASE: base }, platform: Platform.LINUX_ARM64 },
      ...{ exclude: ['*', `!${file}`, ...names.map((name) => `!${name}`)], ignoreMode: IgnoreMode.DOCKER },
    });
    return { image: asset.imageUri, pulledFrom: [asset.repository.repositoryArn] };
  }
}
