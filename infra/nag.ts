import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import {
  type App,
  DefaultTokenResolver,
  type IResolvable,
  type IResolveContext,
  Names,
  Reference,
  Stack,
  StringConcat,
  Tokenization,
  Validations,
} from 'aws-cdk-lib/core';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import type { IConstruct } from 'constructs';
import { DeadLetterQueue } from './constructs/fed-queue.ts';
import { statementsOf } from './constructs/function-rights.ts';
import { LadingFunction } from './constructs/lading-function.ts';
import { LargeWorkTasks } from './constructs/large-work-tasks.ts';
import { MirrorFront } from './constructs/mirror-front.ts';
import { ScannerTasks } from './constructs/scanner-tasks.ts';
import type { RoleOfTasks } from './constructs/task-role.ts';
import { WebApi } from './constructs/web-api.ts';
import { ReplicaStack } from './stacks/replica-stack.ts';

/**
 * Has synthesis check the app against the rule packs AwsSolutions and Serverless. A finding fails it, unless it is one
 * of those below, each with its reason and only where it was meant.
 */
export function checkWithNag(app: App): void {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
  for (const construct of app.node.findAll()) acknowledge(construct);
}

function acknowledge(construct: IConstruct): void {
  if (construct instanceof LadingFunction) acknowledgeFunction(construct);
  else if (construct instanceof ScannerTasks) acknowledgeTasks(construct, [construct.execution, construct.task]);
  else if (construct instanceof LargeWorkTasks) acknowledgeTasks(construct, construct.roles);
  else if (construct instanceof DeadLetterQueue) {
    accept(construct, ['Serverless-SQSRedrivePolicy'], 'it is a dead-letter queue itself');
    if (construct.node.scope instanceof ReplicaStack) {
      accept(construct, ['AwsSolutions-SQS3'], 'it takes the dead letters of a rule, which the pack does not look at');
    }
  } else if (construct instanceof EventSourceMapping) {
    accept(
      construct,
      ['Serverless-LambdaEventSourceMappingDestination'],
      'a mapping of SQS takes no failure destination (those are for streams): the redrive policy of its queue is that',
    );
  } else if (construct instanceof Secret) {
    accept(
      construct,
      ['AwsSolutions-SMG4'],
      'it is shared with registries or receivers outside, which must get a new value at the same moment: rotated by hand',
    );
  } else if (construct instanceof MirrorFront) {
    accept(
      construct.distribution,
      ['AwsSolutions-CFR3'],
      'the mirrors tell of each pull; standard logs would need a bucket with access control lists, which ours do not have',
    );
    accept(construct.distribution, ['AwsSolutions-CFR1'], 'clusters pull from wherever they are');
    accept(
      construct.distribution,
      ['AwsSolutions-CFR2'],
      'mirrors authenticate each request themselves; a web ACL is attached where the configuration names one',
    );
  } else if (construct instanceof WebApi) {
    for (const route of construct.signedRoutes) {
      accept(
        route,
        ['AwsSolutions-APIG4'],
        'registries cannot sign for IAM: the function checks a signature over the raw body, in constant time, first',
      );
    }
  }
}

function acknowledgeFunction({ declaration, shared, role, handler }: LadingFunction): void {
  accept(
    handler,
    ['Serverless-LambdaDLQ'],
    declaration.trigger.kind === 'http'
      ? 'it is only ever called synchronously, and its caller gets the error'
      : 'it is fed by a queue, never asynchronously: what it gives up on goes to the dead-letter queue of that queue',
  );
  accept(
    role,
    ['AwsSolutions-IAM5[Resource::*]'],
    'X-Ray, and the authorization token of ECR, know no resources to be named (service authorization reference)',
  );
  for (const use of declaration.uses) {
    const reason =
      'bucket' in use
        ? `objects below ${use.prefix} are named by their content or image, which nobody knows beforehand`
        : 'registry' in use
          ? 'repositories come and go without Lading, in the registries that the configuration names'
          : 'tasks' in use
            ? 'tasks come and go, in every cluster and region of the account'
            : 'scanners' in use
              ? 'tasks of the cluster of scanners come and go, and secrets have six characters more than their names'
              : undefined;
    if (!reason) continue;
    for (const resource of statementsOf(use, shared).flatMap((statement) => statement.resources)) {
      const pattern = namedIn(role, resource);
      if (pattern.includes('*') && pattern !== '*') accept(role, [`AwsSolutions-IAM5[Resource::${pattern}]`], reason);
    }
  }
  accept(
    role,
    ['Serverless-LambdaStarPermissions'],
    'each pattern in a resource is acknowledged by itself under AwsSolutions-IAM5; no action is a pattern',
  );
}

function acknowledgeTasks({ definitions }: ScannerTasks | LargeWorkTasks, roles: readonly RoleOfTasks[]): void {
  for (const definition of definitions) {
    accept(
      definition,
      ['AwsSolutions-ECS2'],
      'the variables are settings, and options of scanners; secrets come from Secrets Manager',
    );
  }
  for (const { role, statements } of roles) {
    for (const resource of statements.flatMap((statement) => statement.resources)) {
      const pattern = flatten(Stack.of(role).resolve(resource));
      if (!pattern.includes('*') && !pattern.includes('?')) continue;
      const reason =
        pattern === '*'
          ? 'the authorization token of ECR knows no resource'
          : 'repositories, reports and documents come and go, and secrets have six characters more than their names';
      accept(role, [`AwsSolutions-IAM5[Resource::${pattern}]`], reason);
    }
  }
}

function accept(construct: IConstruct, ids: readonly string[], reason: string): void {
  Validations.of(construct).acknowledge(...ids.map((id) => ({ id, reason })));
}

/** Writes a text of the template as cdk-nag names it in a finding: references in angle brackets. */
function namedIn(construct: IConstruct, text: string): string {
  return flatten(Tokenization.resolve(text, { scope: construct, preparing: false, resolver: new ParameterNames() }));
}

/** What stands in another stack comes into a nested one by a parameter, which gets its name only when all is made. */
class ParameterNames extends DefaultTokenResolver {
  constructor() {
    super(new StringConcat());
  }

  override resolveToken(
    token: IResolvable,
    context: IResolveContext,
    processor: Parameters<DefaultTokenResolver['resolveToken']>[2],
  ): unknown {
    if (Reference.isReference(token) && Stack.of(token.target) !== Stack.of(context.scope)) {
      return `<referenceto${Names.nodeUniqueId(token.target.node)}${token.displayName}>`;
    }
    const value: unknown = super.resolveToken(token, context, processor);
    return typeof value === 'string' ? value : flatten(value);
  }
}

/** Writes a value of the template with its references in angle brackets. */
function flatten(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || typeof value !== 'object') return String(value);
  const [[intrinsic, argument] = ['', undefined]] = Object.entries(value);
  if (intrinsic === 'Ref') return `<${String(argument)}>`;
  if (!Array.isArray(argument)) return JSON.stringify(value);
  if (intrinsic === 'Fn::GetAtt') return `<${argument.join('.')}>`;
  if (intrinsic === 'Fn::Join') return (argument[1] as unknown[]).map(flatten).join(String(argument[0]));
  return JSON.stringify(value);
}
