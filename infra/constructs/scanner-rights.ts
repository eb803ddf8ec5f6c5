import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ScannerRights } from './shared-resources.ts';

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
  const inCluster = { ArnEquals: { 'ecs:cluster': tasks.clusterArn } };
  return [
    allow(['ecs:RunTask'], tasks.definitionArns, inCluster),
    allow(['ecs:DescribeTasks', 'ecs:StopTask'], [tasks.taskArns], inCluster),
    // Only to ECS, and only these two roles: whoever may pass a role may do what it may.
    allow(['iam:PassRole'], tasks.roleArns, { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } }),
  ];
}
