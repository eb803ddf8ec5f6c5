import { CfnRule } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Duration, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { EventPattern } from '../../functions/_pipe/function.ts';

/** A dead letter keeps the time of its first arrival, so its queue must hold it longer than the source did. */
const QUEUE_RETENTION = Duration.days(4);
const DEAD_LETTER_RETENTION = Duration.days(14);

/** Lambda asks for six times the function's timeout, so that its own retries fit (Lambda guide, "Amazon SQS"). */
const VISIBILITY_FACTOR = 6;

export interface DeadLetterQueueProps {
  /** Name of the queue whose letters it takes; its own is the same with `-dlq`. */
  readonly queueName: string;
}

/** A queue for what could not be delivered or worked on. */
export class DeadLetterQueue extends Queue {
  constructor(scope: Construct, id: string, props: DeadLetterQueueProps) {
    super(scope, id, {
      queueName: `${props.queueName}-dlq`,
      retentionPeriod: DEAD_LETTER_RETENTION,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
    });
  }
}

/** What puts messages into the queue: events of a bus that match, or the clock. */
export type QueueFeed =
  | { readonly kind: 'events'; readonly busName?: string; readonly pattern: EventPattern }
  | { readonly kind: 'schedule'; readonly expression: string; readonly enabled: boolean };

export interface FedQueueProps {
  readonly queueName: string;
  readonly description: string;
  readonly feed: QueueFeed;
  readonly consumerTimeout: Duration;
  /** Deliveries of a message before it becomes a dead letter. */
  readonly maxReceiveCount: number;
}

/**
 * Rule → queue → dead-letter queue. What the rule cannot put into the queue goes to the same dead-letter queue, in the
 * same form (the message is the event), so that one redrive mends both.
 */
export class FedQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: DeadLetterQueue;
  readonly rule: CfnRule;

  constructor(scope: Construct, id: string, props: FedQueueProps) {
    super(scope, id);
    this.deadLetters = new DeadLetterQueue(this, 'DeadLetters', { queueName: props.queueName });
    this.queue = new Queue(this, 'Queue', {
      queueName: props.queueName,
      visibilityTimeout: Duration.seconds(VISIBILITY_FACTOR * props.consumerTimeout.toSeconds()),
      retentionPeriod: QUEUE_RETENTION,
      receiveMessageWaitTime: Duration.seconds(20),
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: props.maxReceiveCount },
    });
    this.rule = new CfnRule(this, 'Rule', {
      description: props.description,
      ...feedProps(props.feed),
      targets: [{ id: 'queue', arn: this.queue.queueArn, deadLetterConfig: { arn: this.deadLetters.queueArn } }],
    });
    allowRule(this.queue, this.rule);
    allowRule(this.deadLetters, this.rule);
  }
}

function feedProps(feed: QueueFeed) {
  if (feed.kind === 'schedule') {
    return { scheduleExpression: feed.expression, state: feed.enabled ? 'ENABLED' : 'DISABLED' };
  }
  return {
    ...(feed.busName ? { eventBusName: feed.busName } : {}),
    eventPattern: feed.pattern,
    state: 'ENABLED',
  };
}

/** Only this rule of this account may send. */
export function allowRule(queue: IQueue, rule: CfnRule): void {
  queue.addToResourcePolicy(
    new PolicyStatement({
      sid: 'AllowRule',
      principals: [new ServicePrincipal('events.amazonaws.com')],
      actions: ['sqs:SendMessage'],
      resources: [queue.queueArn],
      conditions: {
        ArnEquals: { 'aws:SourceArn': rule.attrArn },
        StringEquals: { 'aws:SourceAccount': Stack.of(queue).account },
      },
    }),
  );
}
