import { randomUUID } from 'node:crypto';
import { describeError } from '../../../../lib/core/errors.ts';
import type { ScheduleBackend, ScheduleDefinition } from '../../template/backends.ts';
import { type Deliver, requireTarget, toSeconds } from '../events/event-buses.ts';
import type { LocalScheduler } from './local-scheduler.ts';

export interface SchedulesOptions {
  readonly scheduler: LocalScheduler;
  readonly deliver: Deliver;
  readonly onFailure: (scheduleArn: string, why: string) => void;
}

/** EventBridge Scheduler (AWS::Scheduler::Schedule) over the local scheduler. */
export class LocalSchedules implements ScheduleBackend {
  readonly #options: SchedulesOptions;

  constructor(options: SchedulesOptions) {
    this.#options = options;
  }

  /** @throws LadingError `schedule-invalid` or `target-unsupported` */
  createSchedule(definition: ScheduleDefinition): void {
    const { arn, expression, timeZone, target, enabled } = definition;
    requireTarget(`the schedule ${arn}`, target.arn, /^arn:aws:(?:sqs|lambda):/);
    this.#options.scheduler.add({
      arn,
      expression,
      timeZone,
      enabled,
      targetArns: [target.arn],
      fire: (scheduledAt) => this.#fire(definition, scheduledAt),
    });
  }

  #fire(definition: ScheduleDefinition, scheduledAt: Date): void {
    const { deliver, onFailure } = this.#options;
    const { target } = definition;
    const body = inputOf(definition, scheduledAt);
    try {
      deliver(target.arn, body);
    } catch (error) {
      if (target.deadLetterArn === undefined) onFailure(definition.arn, describeError(error));
      else deliver(target.deadLetterArn, body, { attributes: { ERROR_MESSAGE: describeError(error).slice(0, 1024) } });
    }
  }
}

/** The Input with its context attributes filled in, or the event that Scheduler sends without one. */
function inputOf({ arn, region, accountId, target }: ScheduleDefinition, scheduledAt: Date): string {
  const id = randomUUID();
  const time = toSeconds(scheduledAt);
  if (target.input === undefined) {
    return JSON.stringify({
      version: '0',
      id,
      'detail-type': 'Scheduled Event',
      source: 'aws.scheduler',
      account: accountId,
      time,
      region,
      resources: [arn],
      detail: '{}',
    });
  }
  // "Adding context attributes in EventBridge Scheduler"
  return target.input
    .replaceAll('<aws.scheduler.schedule-arn>', arn)
    .replaceAll('<aws.scheduler.scheduled-time>', time)
    .replaceAll('<aws.scheduler.execution-id>', id)
    .replaceAll('<aws.scheduler.attempt-number>', '1');
}
