import { z } from 'zod';
import type { EventBackend, RuleTarget, ScheduleBackend } from '../backends.ts';
import type { ResourceHandler } from '../provision.ts';
import { arnOf, nameOf, withoutBackend } from './common.ts';

const bus = z.object({ Name: z.string() });

/** AWS::Events::EventBus */
export function busHandler(backend: EventBackend | undefined): ResourceHandler {
  return (request) => {
    const { Name: name } = request.parse(bus);
    const { region, accountId } = request.stack;
    const result = { ref: name, attributes: { Arn: arnOf(request, 'events', `event-bus/${name}`), Name: name } };
    if (backend === undefined) return withoutBackend(result, 'events');
    backend.createBus({ name, region, accountId });
    return result;
  };
}

const deadLetter = z.object({ Arn: z.string().optional() }).optional();

const target = z.object({
  Id: z.string(),
  Arn: z.string(),
  Input: z.string().optional(),
  InputPath: z.string().optional(),
  InputTransformer: z
    .object({ InputPathsMap: z.record(z.string(), z.string()).optional(), InputTemplate: z.string() })
    .optional(),
  DeadLetterConfig: deadLetter,
  SqsParameters: z.object({ MessageGroupId: z.string().optional() }).optional(),
});

const rule = z.object({
  Name: z.string().optional(),
  EventBusName: z.string().optional(),
  EventPattern: z.unknown().optional(),
  ScheduleExpression: z.string().optional(),
  State: z.string().optional(),
  Targets: z.array(target).optional(),
});

const targetOf = (of: z.infer<typeof target>): RuleTarget => ({
  id: of.Id,
  arn: of.Arn,
  input: of.Input,
  inputPath: of.InputPath,
  inputTransformer:
    of.InputTransformer === undefined
      ? undefined
      : { paths: of.InputTransformer.InputPathsMap ?? {}, template: of.InputTransformer.InputTemplate },
  deadLetterArn: of.DeadLetterConfig?.Arn,
  messageGroupId: of.SqsParameters?.MessageGroupId,
});

/** AWS::Events::Rule: by pattern, by schedule, or both. */
export function ruleHandler(backend: EventBackend | undefined): ResourceHandler {
  return (request) => {
    const properties = request.parse(rule);
    const { region, accountId } = request.stack;
    const name = nameOf(request, properties.Name, { maxLength: 64 });
    // The bus may be given by its ARN.
    const busName = (properties.EventBusName ?? 'default').replace(/^arn:.*:event-bus\//, '');
    const arn = arnOf(request, 'events', busName === 'default' ? `rule/${name}` : `rule/${busName}/${name}`);
    const result = { ref: busName === 'default' ? name : `${busName}|${name}`, attributes: { Arn: arn } };
    if (backend === undefined) return withoutBackend(result, 'events');
    backend.putRule({
      name,
      arn,
      region,
      accountId,
      busName,
      enabled: properties.State !== 'DISABLED',
      pattern: properties.EventPattern,
      schedule: properties.ScheduleExpression,
      targets: (properties.Targets ?? []).map(targetOf),
    });
    return result;
  };
}

const schedule = z.object({
  Name: z.string().optional(),
  GroupName: z.string().optional(),
  ScheduleExpression: z.string(),
  ScheduleExpressionTimezone: z.string().optional(),
  State: z.string().optional(),
  Target: z.object({ Arn: z.string(), Input: z.string().optional(), DeadLetterConfig: deadLetter }),
});

/** AWS::Scheduler::Schedule */
export function scheduleHandler(backend: ScheduleBackend | undefined): ResourceHandler {
  return (request) => {
    const properties = request.parse(schedule);
    const { region, accountId } = request.stack;
    const name = nameOf(request, properties.Name, { maxLength: 64 });
    const arn = arnOf(request, 'scheduler', `schedule/${properties.GroupName ?? 'default'}/${name}`);
    const result = { ref: name, attributes: { Arn: arn } };
    if (backend === undefined) return withoutBackend(result, 'scheduler');
    backend.createSchedule({
      name,
      arn,
      region,
      accountId,
      enabled: properties.State !== 'DISABLED',
      expression: properties.ScheduleExpression,
      timeZone: properties.ScheduleExpressionTimezone ?? 'UTC',
      target: {
        arn: properties.Target.Arn,
        input: properties.Target.Input,
        deadLetterArn: properties.Target.DeadLetterConfig?.Arn,
      },
    });
    return result;
  };
}
