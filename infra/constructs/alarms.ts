import {
  Alarm,
  ComparisonOperator,
  type IAlarmAction,
  type IMetric,
  Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { METRIC_DIMENSION, METRIC_NAMESPACE } from '../../lib/core/metric-names.ts';
import { pascalCase } from './names.ts';

/** Each alarm has a page of this name under docs/runbooks. */
type Runbook =
  | 'dead-letters'
  | 'dead-letters-expiring'
  | 'function-errors'
  | 'api-errors'
  | 'advisories-failing'
  | 'advisories-stale';

export interface AlarmTarget {
  /** What the alarm is about: the function's name, mostly. */
  readonly subject: string;
  readonly prefix: string;
  /** @default none: the alarm shows, and tells nobody */
  readonly action?: IAlarmAction;
}

/** Dead letters are kept for 14 days from their first arrival; at 10 there is still time to look. */
const EXPIRING_AFTER = Duration.days(10);

function addAlarm(
  scope: Construct,
  runbook: Runbook,
  target: AlarmTarget,
  what: string,
  condition: { readonly metric: IMetric; readonly threshold: number; readonly evaluationPeriods?: number },
): Alarm {
  const alarm = new Alarm(scope, pascalCase(runbook), {
    alarmName: `${target.prefix}-${target.subject}-${runbook}`,
    alarmDescription: `${what} What to do: docs/runbooks/${runbook}.md`,
    metric: condition.metric,
    threshold: condition.threshold,
    evaluationPeriods: condition.evaluationPeriods ?? 1,
    comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
  if (target.action) alarm.addAlarmAction(target.action);
  return alarm;
}

/** One alarm when there is a dead letter, another before the oldest is thrown away. */
export function alarmOnDeadLetters(scope: Construct, queue: IQueue, target: AlarmTarget): void {
  const period = Duration.minutes(5);
  addAlarm(scope, 'dead-letters', target, `${target.subject} gave up on a message.`, {
    metric: queue.metricApproximateNumberOfMessagesVisible({ period, statistic: Stats.MAXIMUM }),
    threshold: 1,
  });
  addAlarm(scope, 'dead-letters-expiring', target, `A dead letter of ${target.subject} is lost in four days.`, {
    metric: queue.metricApproximateAgeOfOldestMessage({ period, statistic: Stats.MAXIMUM }),
    threshold: EXPIRING_AFTER.toSeconds(),
  });
}

/** A failed message is reported item by item and is no error of the function: this one means that it broke. */
export function alarmOnErrors(scope: Construct, handler: IFunction, target: AlarmTarget): void {
  addAlarm(scope, 'function-errors', target, `${target.subject} fails, times out or runs out of memory.`, {
    metric: handler.metricErrors({ period: Duration.minutes(5), statistic: Stats.SUM }),
    threshold: 1,
    evaluationPeriods: 3,
  });
}

/** Answers 5xx of the HTTP API. */
export function alarmOnServerErrors(scope: Construct, metric: IMetric, target: AlarmTarget): void {
  addAlarm(scope, 'api-errors', target, `${target.subject} answers with server errors.`, {
    metric,
    threshold: 5,
    evaluationPeriods: 2,
  });
}

/** After so long without good data of a source, "no match" says little about what came out since. */
const STALE_AFTER = Duration.hours(48);

/** What `sync-advisories` measures of its sources: see its handler. */
export function alarmOnAdvisories(scope: Construct, handler: IFunction, target: AlarmTarget): void {
  const metric = (metricName: string): Metric =>
    new Metric({
      namespace: METRIC_NAMESPACE,
      metricName,
      dimensionsMap: { [METRIC_DIMENSION]: handler.functionName },
      period: Duration.hours(1),
      statistic: Stats.MAXIMUM,
    });
  addAlarm(scope, 'advisories-failing', target, 'A source of advisories is not taken over; its last good data count.', {
    metric: metric('AdvisorySourcesFailing'),
    threshold: 1,
  });
  addAlarm(scope, 'advisories-stale', target, 'A source of advisories gave nothing good for two days.', {
    metric: metric('AdvisoryAge'),
    threshold: STALE_AFTER.toSeconds(),
  });
}
