import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ScannerRights, TaskRights } from './shared-resources.ts';

const allow = (actions: readonly string[], resources: readonly string[], conditions?: Record<string, unknown>) =>
  new PolicyStatement({ actions: [...actions], resources: [...resources], ...(conditions ? { conditions } : {}) });

/** What it takes to set exactly the configured scanners to work, and to ask them how far they are. */
export function scannerStatements(rights: ScannerRights): PolicyStatement[] {
  const { tasks, secretArns, parameterArns, ecrArns, inspector } = rights;
  return [
    ...(tasks === undefined ? [] : taskStatements(tasks)),
    ...(secretArns.length > 0 ? [allow(['secretsmanager:GetSecretValue'], secretArns)] : []),
    ...(parameterArns.length > 0 ? [allow(['ssm:GetParameter'], parameterArns)] : []),
    ...(ecrArns.length > 0 ? [allow(['ecr:StartImageScan', 'ecr:DescribeImageScanFindings'], ecrArns)] : []),
    // Neither knows resources (service authorization reference, "Amazon Inspector2").
    ...(inspector ? [allow(['inspector2:ListCoverage', 'inspector2:ListFindings'], ['*'])] : []),
  ];
}

function taskStatements(tasks: NonNullable<ScannerRights['tasks']>): PolicyStatement[] {
  return [
    ...startStatements(tasks),
    allow(['ecs:DescribeTasks', 'ecs:StopTask'], [tasks.taskArns], inClusterOf(tasks)),
  ];
}

const inClusterOf = ({ clusterArn }: TaskRights) => ({ ArnEquals: { 'ecs:cluster': clusterArn } });

/** Starting tasks of exactly these definitions. */
export const startStatements = (tasks: TaskRights): PolicyStatement[] => [
  allow(['ecs:RunTask'], tasks.definitionArns, inClusterOf(tasks)),
  // Only to ECS, and only these two roles: whoever may pass a role may do what it may.
  allow(['iam:PassRole'], tasks.roleArns, { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } }),
];
