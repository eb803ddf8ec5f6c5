import { z } from 'zod';
import { LadingError } from '../../../../lib/core/errors.ts';
import { at } from '../model.ts';
import { physicalId, physicalName } from '../physical-names.ts';
import type { ResourceHandler } from '../provision.ts';

const writer = z.object({
  WriterProps: z.object({ region: z.string(), exports: z.record(z.string(), z.coerce.string()) }),
});

/** CDK's cross-region export writer: puts its exports where the reader of the other region finds them. */
export const exportWriterHandler: ResourceHandler = (request) => {
  const { region, exports } = request.parse(writer).WriterProps;
  for (const [name, value] of Object.entries(exports)) request.exportParameter(region, name, value);
  return { ref: physicalId(request.identity) };
};

const reader = z.object({ ReaderProps: z.object({ imports: z.record(z.string(), z.unknown()) }) });

/** The reader: each import is an attribute of its own name. */
export const exportReaderHandler: ResourceHandler = (request) => {
  const { imports } = request.parse(reader).ReaderProps;
  const attributes: Record<string, string> = {};
  for (const name of Object.keys(imports)) {
    const value = request.parameter(name);
    if (value === undefined) {
      const here = at(request.stack.stackName, request.logicalId);
      throw new LadingError('template-unresolved', `${here}: no stack of another region exports "${name}"`);
    }
    attributes[name] = value;
  }
  return { ref: physicalId(request.identity), attributes };
};

/** Types that need nothing done here; the reason is shown in the list of what was skipped. */
export const skippedTypes: ReadonlyMap<string, string> = new Map([
  ['AWS::ECR::PullThroughCacheRule', 'the registry reads the mirrors of the configuration itself'],
  ['AWS::KMS::ReplicaKey', 'keys are of one region here: its alias finds no key'],
  ['AWS::Lambda::Permission', 'service permissions are not checked here'],
  ['AWS::SQS::QueuePolicy', 'resource policies are not checked here'],
  ['AWS::S3::BucketPolicy', 'resource policies are not checked here'],
  ['AWS::ECR::RegistryPolicy', 'resource policies are not checked here'],
  ['AWS::Events::EventBusPolicy', 'resource policies are not checked here'],
  ['AWS::SecretsManager::ResourcePolicy', 'resource policies are not checked here'],
  ['AWS::Logs::ResourcePolicy', 'logs go to files of the data folder'],
  ['AWS::CloudWatch::Alarm', 'no alarms here'],
  ['AWS::CloudWatch::CompositeAlarm', 'no alarms here'],
  ['AWS::CloudWatch::Dashboard', 'no dashboards here'],
  ['AWS::ApiGatewayV2::Stage', 'one stage, deployed at once'],
  ['AWS::ApiGatewayV2::Deployment', 'one stage, deployed at once'],
  ['AWS::Scheduler::ScheduleGroup', 'schedules need no group here'],
  ['AWS::Events::Archive', 'events are not archived here'],
  ['AWS::CDK::Metadata', 'no resource'],
]);

export const skippedHandler =
  (reason: string): ResourceHandler =>
  (request) => {
    const name = physicalName(request.identity, { maxLength: 128 });
    return { ref: name, attributes: { Arn: `arn:aws:local:::${name}` }, skipped: reason };
  };
