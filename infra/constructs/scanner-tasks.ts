import { CfnCluster, CfnTaskDefinition } from 'aws-cdk-lib/aws-ecs';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Arn, ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { programs, type TaskScanner, WORK_FOLDER } from '../../lib/scanners/config.ts';
import { pascalCase } from './names.ts';
import type { ScannerRights } from './shared-resources.ts';
import { allow, pullStatements, type RoleOfTasks, taskRole } from './task-role.ts';

export interface ScannerTasksProps {
  readonly prefix: string;
  readonly scanners: readonly TaskScanner[];
  /** The AWS CLI, by digest. */
  readonly courier: string;
  readonly network: {
    readonly subnets: readonly string[];
    readonly securityGroups: readonly string[];
    readonly assignPublicIp: boolean;
  };
  /** Bucket of documents; reports are left below `scanner-reports/`. */
  readonly bucket: { readonly bucketName: string; readonly bucketArn: string };
  readonly logRetention: RetentionDays;
  /** Of ECR repositories that tasks pull from. */
  readonly repositoryArns: readonly string[];
  /** ARNs of secrets that scanners' variables are filled from. */
  readonly arnOfSecret: (name: string) => string;
}

/**
 * Asks ECR for a token and writes it where clients of registries look for one. A constant: the host and region stand in
 * variables, which the shell expands and never reads as program text. Elsewhere than in ECR it does nothing.
 */
const LOGIN = [
  'set -eu',
  '[ -n "$' + '{ECR_HOST:-}" ] || exit 0',
  'umask 077',
  'token=$(aws ecr get-authorization-token --region "$ECR_REGION" --query "authorizationData[0].authorizationToken" --output text)',
  `printf '{"auths":{"%s":{"auth":"%s"}}}' "$ECR_HOST" "$token" > ${WORK_FOLDER}/config.json`,
].join('; ');

/**
 * Scanners as tasks of Fargate: one definition each, of three containers that share a folder. The first logs in to ECR,
 * the second is the scanner, the third brings its report to the bucket. Nothing runs, and nothing but logs costs,
 * until a task is started.
 */
export class ScannerTasks extends Construct {
  readonly rights: NonNullable<ScannerRights['tasks']>;
  /** For ECS itself: to log, and to fill in secrets. Images are public, or in ECR of this account. */
  readonly execution: RoleOfTasks;
  /** For what runs in the task, which reads images of strangers: to pull, and to leave a report. */
  readonly task: RoleOfTasks;
  readonly cluster: CfnCluster;
  readonly definitions: readonly CfnTaskDefinition[];

  constructor(scope: Construct, id: string, props: ScannerTasksProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const logs = new LogGroup(this, 'Logs', {
      logGroupName: `/lading/${props.prefix}-scanners`,
      retention: props.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.cluster = new CfnCluster(this, 'Cluster', {
      clusterName: `${props.prefix}-scanners`,
      capacityProviders: ['FARGATE'],
      clusterSettings: [{ name: 'containerInsights', value: 'enabled' }],
    });
    this.execution = taskRole(
      this,
      'ExecutionRole',
      'With which ECS starts scanners',
      executionStatements(props, logs),
    );
    this.task = taskRole(this, 'TaskRole', 'Scanners read images of ECR, and leave reports', taskStatements(props));
    const made = props.scanners.map((scanner) => [scanner.kind, this.define(scanner, props, logs)] as const);
    this.definitions = made.map(([, definition]) => definition);
    this.rights = {
      setting: stack.toJsonString({
        cluster: this.cluster.attrArn,
        ...props.network,
        bucket: props.bucket.bucketName,
        definitions: Object.fromEntries(made.map(([kind, { ref }]) => [kind, ref])),
      }),
      clusterArn: this.cluster.attrArn,
      definitionArns: this.definitions.map(({ ref }) => ref),
      taskArns: Arn.format(
        {
          ...{ service: 'ecs', resource: 'task', resourceName: `${props.prefix}-scanners/*` },
          arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
        },
        stack,
      ),
      roleArns: [this.execution.role.roleArn, this.task.role.roleArn],
    };
  }

  private define(scanner: TaskScanner, props: ScannerTasksProps, logs: LogGroup): CfnTaskDefinition {
    const { kind, image, cpu, memoryMb, environment, secrets } = scanner;
    const mountPoints = [{ sourceVolume: 'work', containerPath: WORK_FOLDER, readOnly: false }];
    const logConfiguration = {
      logDriver: 'awslogs',
      options: {
        'awslogs-group': logs.logGroupName,
        'awslogs-region': Stack.of(this).region,
        'awslogs-stream-prefix': kind,
      },
    };
    const common = { mountPoints, logConfiguration };
    return new CfnTaskDefinition(this, pascalCase(kind), {
      family: `${props.prefix}-scan-${kind}`,
      requiresCompatibilities: ['FARGATE'],
      networkMode: 'awsvpc',
      runtimePlatform: { cpuArchitecture: 'X86_64', operatingSystemFamily: 'LINUX' },
      cpu: String(cpu),
      memory: String(memoryMb),
      executionRoleArn: this.execution.role.roleArn,
      taskRoleArn: this.task.role.roleArn,
      volumes: [{ name: 'work' }],
      containerDefinitions: [
        { ...common, name: 'login', image: props.courier, essential: false, entryPoint: ['sh', '-c', LOGIN] },
        {
          ...{ ...common, name: 'scanner', image, essential: false, entryPoint: [programs[kind]] },
          dependsOn: [{ containerName: 'login', condition: 'SUCCESS' }],
          environment: Object.entries({ DOCKER_CONFIG: WORK_FOLDER, ...environment }).map(([name, value]) => ({
            name,
            value,
          })),
          secrets: Object.entries(secrets).map(([name, { secret, key }]) => ({
            name,
            valueFrom: `${props.arnOfSecret(secret)}${key === undefined ? '' : `:${key}::`}`,
          })),
        },
        {
          ...{ ...common, name: 'courier', image: props.courier, essential: true, entryPoint: ['aws'] },
          // Also after a failure: it is the end of this container that ends the task.
          dependsOn: [{ containerName: 'scanner', condition: 'COMPLETE' }],
        },
      ],
    });
  }
}

function executionStatements(
  { scanners, arnOfSecret, repositoryArns }: ScannerTasksProps,
  logs: LogGroup,
): PolicyStatement[] {
  const secretArns = scanners.flatMap(({ secrets }) => Object.values(secrets).map(({ secret }) => arnOfSecret(secret)));
  return [
    allow(['logs:CreateLogStream', 'logs:PutLogEvents'], [logs.logGroupArn]),
    ...pullStatements(repositoryArns),
    ...(secretArns.length > 0 ? [allow(['secretsmanager:GetSecretValue'], [...new Set(secretArns)])] : []),
  ];
}

const taskStatements = ({ bucket, repositoryArns }: ScannerTasksProps): PolicyStatement[] => [
  allow(['s3:PutObject'], [`${bucket.bucketArn}/scanner-reports/*`]),
  ...pullStatements(repositoryArns),
];
