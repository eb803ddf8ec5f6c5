import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

export interface RoleOfTasks {
  readonly role: Role;
  readonly statements: readonly PolicyStatement[];
}

/** A role for tasks of ECS, with these rights and no others. */
export function taskRole(
  scope: Construct,
  id: string,
  description: string,
  statements: readonly PolicyStatement[],
): RoleOfTasks {
  const role = new Role(scope, id, {
    ...{ assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com'), description },
    inlinePolicies: { rights: new PolicyDocument({ statements: [...statements] }) },
  });
  return { role, statements };
}

export const allow = (actions: string[], resources: string[]): PolicyStatement =>
  new PolicyStatement({ actions, resources });

export const pullStatements = (repositoryArns: readonly string[]): PolicyStatement[] =>
  repositoryArns.length === 0
    ? []
    : [
        allow(
          ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
          [...repositoryArns],
        ),
        allow(['ecr:GetAuthorizationToken'], ['*']),
      ];
