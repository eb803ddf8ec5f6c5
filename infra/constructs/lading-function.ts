import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  type ApplicationLogLevel,
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { FunctionDeclaration } from '../../functions/_pipe/function.ts';
import { LadingError } from '../../lib/core/errors.ts';
import { type AlarmTarget, alarmOnAdvisories, alarmOnErrors } from './alarms.ts';
import { requireFittingEnvironment } from './environment-size.ts';
import { environmentOf, statementsOf } from './function-rights.ts';
import type { SharedResources } from './shared-resources.ts';

/** What is alike for every function of a stack. */
export interface FunctionDefaults {
  /** First part of every physical name. */
  readonly prefix: string;
  /** Folder that holds one folder per function, each with `index.mjs`. */
  readonly bundles: string;
  readonly logRetention: RetentionDays;
  readonly logLevel: ApplicationLogLevel;
  /** Whether a function that may run once at a time reserves that one execution of the account's quota. */
  readonly reserveConcurrency: boolean;
  readonly maxReceiveCount: number;
  /** @default none */
  readonly alarmAction?: AlarmTarget['action'];
}

export interface LadingFunctionProps {
  readonly declaration: FunctionDeclaration;
  readonly shared: SharedResources;
  readonly defaults: FunctionDefaults;
  /** Rights that come with the way the function is triggered. @default none */
  readonly triggerStatements?: readonly PolicyStatement[];
  /** @default no limit but the account's */
  readonly reservedConcurrency?: number;
}

/**
 * One Lambda as its declaration says, with a role of its own whose rights are the declaration's, its log group and the
 * tracing that every function has, and nothing else: neither AWS's managed policies nor what CDK would add by itself.
 */
export class LadingFunction extends Construct {
  readonly declaration: FunctionDeclaration;
  readonly shared: SharedResources;
  readonly handler: LambdaFunction;
  readonly role: Role;
  readonly logGroup: LogGroup;
  readonly alarmTarget: AlarmTarget;

  constructor(scope: Construct, id: string, props: LadingFunctionProps) {
    super(scope, id);
    const { declaration, shared, defaults } = props;
    this.declaration = declaration;
    this.shared = shared;
    const functionName = `${defaults.prefix}-${declaration.name}`;
    this.logGroup = new LogGroup(this, 'Logs', {
      logGroupName: `/aws/lambda/${functionName}`,
      retention: defaults.logRetention,
      // What must outlive the stack is in the audit trail; a log group that stayed would block the next deployment.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `What ${functionName} may do`,
      inlinePolicies: { rights: this.rights(props) },
    });
    const environment = environmentOf(declaration.uses, shared);
    requireFittingEnvironment(this, declaration.name, environment);
    this.handler = new LambdaFunction(this, 'Handler', {
      functionName,
      description: declaration.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: Code.fromAsset(bundleOf(defaults.bundles, declaration.name)),
      handler: 'index.handler',
      memorySize: declaration.memoryMb,
      timeout: Duration.seconds(declaration.timeoutSeconds),
      tracing: Tracing.ACTIVE,
      role: this.role.withoutPolicyUpdates(),
      logGroup: this.logGroup,
      loggingFormat: LoggingFormat.JSON,
      applicationLogLevelV2: defaults.logLevel,
      systemLogLevelV2: SystemLogLevel.INFO,
      environment,
      ...(props.reservedConcurrency === undefined ? {} : { reservedConcurrentExecutions: props.reservedConcurrency }),
    });
    this.alarmTarget = {
      subject: declaration.name,
      prefix: defaults.prefix,
      ...(defaults.alarmAction ? { action: defaults.alarmAction } : {}),
    };
    alarmOnErrors(this, this.handler, this.alarmTarget);
    if (declaration.name === 'sync-advisories') alarmOnAdvisories(this, this.handler, this.alarmTarget);
  }

  private rights({ declaration, shared, triggerStatements = [] }: LadingFunctionProps): PolicyDocument {
    return new PolicyDocument({
      minimize: true,
      statements: [
        new PolicyStatement({
          actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
          resources: [this.logGroup.logGroupArn],
        }),
        // X-Ray knows no resources for these (service authorization reference, "AWS X-Ray").
        new PolicyStatement({
          actions: ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'],
          resources: ['*'],
        }),
        ...triggerStatements,
        ...declaration.uses.flatMap((use) => statementsOf(use, shared)),
      ],
    });
  }
}

function bundleOf(bundles: string, name: string): string {
  const folder = join(bundles, name);
  if (existsSync(join(folder, 'index.mjs'))) return folder;
  throw new LadingError('bundle-missing', `there is no bundle of the function ${name} at ${folder}`, {
    hint: 'npm start, npm run check and npm run deploy make the bundles; or set LADING_BUNDLES to their folder',
  });
}
