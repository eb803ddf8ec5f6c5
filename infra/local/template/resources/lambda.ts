import { z } from 'zod';
import { LadingError } from '../../../../lib/core/errors.ts';
import type { FunctionBackend } from '../backends.ts';
import { at } from '../model.ts';
import { physicalUuid } from '../physical-names.ts';
import type { ResourceHandler, ResourceRequest, ResourceResult } from '../provision.ts';
import { arnOf, flag, integer, nameOf, withoutBackend } from './common.ts';

const fn = z.object({
  FunctionName: z.string().optional(),
  Code: z.object({ S3Key: z.string().optional(), ZipFile: z.string().optional(), ImageUri: z.string().optional() }),
  Handler: z.string().optional(),
  Runtime: z.string().optional(),
  Role: z.string(),
  Environment: z.object({ Variables: z.record(z.string(), z.coerce.string()).optional() }).optional(),
  Timeout: integer.min(1).max(900).optional(),
  MemorySize: integer.min(128).max(10_240).optional(),
  ReservedConcurrentExecutions: integer.min(0).optional(),
  DeadLetterConfig: z.object({ TargetArn: z.string().optional() }).optional(),
  LoggingConfig: z
    .object({
      LogGroup: z.string().optional(),
      LogFormat: z.string().optional(),
      ApplicationLogLevel: z.string().optional(),
    })
    .optional(),
  TracingConfig: z.object({ Mode: z.string().optional() }).optional(),
});

/** AWS::Lambda::Function of a Node runtime with a local asset; others keep name and ARN and are listed. */
export function functionHandler(backend: FunctionBackend | undefined): ResourceHandler {
  return (request) => {
    const properties = request.parse(fn);
    const { stack, logicalId } = request;
    const name = nameOf(request, properties.FunctionName, { maxLength: 64 });
    const arn = arnOf(request, 'lambda', `function:${name}`);
    const result: ResourceResult = { ref: name, attributes: { Arn: arn } };
    if (backend === undefined) return withoutBackend(result, 'lambda');
    if (isCustomResourceProvider(request)) return { ...result, skipped: 'it serves a custom resource only' };
    if (!(properties.Runtime ?? '').startsWith('nodejs')) {
      return { ...result, skipped: `the runtime ${properties.Runtime ?? 'image'} is not run here` };
    }
    const codeFolder = properties.Code.S3Key === undefined ? undefined : stack.assetPath(properties.Code.S3Key);
    if (codeFolder === undefined) {
      throw new LadingError(
        'template-invalid',
        `${at(stack.stackName, logicalId)}: its code is no asset of the assembly`,
      );
    }
    backend.createFunction({
      name,
      arn,
      logicalId,
      stackName: stack.stackName,
      region: stack.region,
      accountId: stack.accountId,
      principal: properties.Role.split('/').at(-1) ?? properties.Role,
      codeFolder,
      handler: properties.Handler ?? 'index.handler',
      environment: properties.Environment?.Variables ?? {},
      timeoutSeconds: properties.Timeout ?? 3,
      memoryMb: properties.MemorySize ?? 128,
      reservedConcurrency: properties.ReservedConcurrentExecutions,
      deadLetterArn: properties.DeadLetterConfig?.TargetArn,
      logGroup: properties.LoggingConfig?.LogGroup ?? `/aws/lambda/${name}`,
      logLevel:
        properties.LoggingConfig?.LogFormat === 'JSON'
          ? (properties.LoggingConfig.ApplicationLogLevel ?? 'INFO')
          : undefined,
      traced: properties.TracingConfig?.Mode === 'Active',
    });
    return result;
  };
}

/** The functions behind custom resources run only while CloudFormation deploys. */
function isCustomResourceProvider({ stack, logicalId }: ResourceRequest): boolean {
  return Object.values(stack.template.Resources).some(({ Type, Properties }) => {
    if (!Type.startsWith('Custom::') && Type !== 'AWS::CloudFormation::CustomResource') return false;
    return JSON.stringify(Properties?.ServiceToken ?? '').includes(`"${logicalId}"`);
  });
}

const mapping = z.object({
  EventSourceArn: z.string(),
  FunctionName: z.string(),
  Enabled: flag.optional(),
  BatchSize: integer.min(1).max(10_000).optional(),
  MaximumBatchingWindowInSeconds: integer.min(0).max(300).optional(),
  ScalingConfig: z.object({ MaximumConcurrency: integer.min(1).optional() }).optional(),
  FunctionResponseTypes: z.array(z.string()).optional(),
  FilterCriteria: z
    .object({ Filters: z.array(z.object({ Pattern: z.union([z.string(), z.record(z.string(), z.unknown())]) })) })
    .optional(),
});

/** `FunctionName` may be a name, an ARN, or either with a qualifier. */
const functionArn = (request: ResourceRequest, name: string): string => {
  const [, full] = /^(arn:aws:lambda:[^:]*:[^:]*:function:[^:]+)/.exec(name) ?? [];
  return full ?? arnOf(request, 'lambda', `function:${name.split(':')[0]}`);
};

/** AWS::Lambda::EventSourceMapping of a queue. */
export function eventSourceHandler(backend: FunctionBackend | undefined): ResourceHandler {
  return (request) => {
    const properties = request.parse(mapping);
    const id = physicalUuid(request.identity);
    const result: ResourceResult = { ref: id, attributes: { Id: id } };
    if (backend === undefined) return withoutBackend(result, 'lambda');
    if (!properties.EventSourceArn.startsWith('arn:aws:sqs:')) {
      return { ...result, skipped: 'only queues are event sources here' };
    }
    backend.createEventSource({
      queueArn: properties.EventSourceArn,
      functionArn: functionArn(request, properties.FunctionName),
      enabled: properties.Enabled ?? true,
      batchSize: properties.BatchSize ?? 10,
      batchWindowSeconds: properties.MaximumBatchingWindowInSeconds ?? 0,
      maximumConcurrency: properties.ScalingConfig?.MaximumConcurrency,
      reportsItemFailures: properties.FunctionResponseTypes?.includes('ReportBatchItemFailures') ?? false,
      filters: (properties.FilterCriteria?.Filters ?? []).map(({ Pattern }) =>
        typeof Pattern === 'string' ? JSON.parse(Pattern) : Pattern,
      ),
    });
    return result;
  };
}

const destination = z.object({ Destination: z.string() }).optional();
const invokeConfig = z.object({
  FunctionName: z.string(),
  MaximumRetryAttempts: integer.min(0).max(2).optional(),
  DestinationConfig: z.object({ OnFailure: destination, OnSuccess: destination }).optional(),
});

/** AWS::Lambda::EventInvokeConfig */
export function invokeConfigHandler(backend: FunctionBackend | undefined): ResourceHandler {
  return (request) => {
    const properties = request.parse(invokeConfig);
    const result = { ref: physicalUuid(request.identity) };
    if (backend === undefined) return withoutBackend(result, 'lambda');
    backend.configureAsync({
      functionArn: functionArn(request, properties.FunctionName),
      maximumRetries: properties.MaximumRetryAttempts,
      onFailureArn: properties.DestinationConfig?.OnFailure?.Destination,
      onSuccessArn: properties.DestinationConfig?.OnSuccess?.Destination,
    });
    return result;
  };
}
