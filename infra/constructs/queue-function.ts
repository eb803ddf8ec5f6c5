import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { Trigger } from '../../functions/_pipe/function.ts';
import { alarmOnDeadLetters } from './alarms.ts';
import { FedQueue, type QueueFeed } from './fed-queue.ts';
import { LadingFunction, type LadingFunctionProps } from './lading-function.ts';

/** The least that an SQS event source takes (Lambda API reference, "ScalingConfig"). */
const LEAST_MAX_CONCURRENCY = 2;

/** A schedule's message is one piece of work, and two of them at once would only repeat each other. */
const scheduled = { batchSize: 1, maxConcurrency: LEAST_MAX_CONCURRENCY } as const;

export interface QueueFunctionProps extends Omit<LadingFunctionProps, 'triggerStatements' | 'reservedConcurrency'> {
  readonly trigger: Exclude<Trigger, { kind: 'http' }>;
  readonly feed: QueueFeed;
}

/** A function that works on the messages of a queue, with partial batch responses. */
export class QueueFunction extends Construct {
  readonly fed: FedQueue;
  readonly function: LadingFunction;

  constructor(scope: Construct, id: string, props: QueueFunctionProps) {
    super(scope, id);
    const { declaration, defaults, trigger } = props;
    const polling = trigger.kind === 'events' ? trigger : scheduled;
    this.fed = new FedQueue(this, 'Feed', {
      queueName: `${defaults.prefix}-${declaration.name}`,
      description: `${declaration.description} (${declaration.name})`,
      feed: props.feed,
      consumerTimeout: Duration.seconds(declaration.timeoutSeconds),
      maxReceiveCount: defaults.maxReceiveCount,
    });
    const alone = polling.maxConcurrency < LEAST_MAX_CONCURRENCY && defaults.reserveConcurrency;
    this.function = new LadingFunction(this, 'Function', {
      ...props,
      triggerStatements: [
        new PolicyStatement({
          actions: ['sqs:ChangeMessageVisibility', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
          resources: [this.fed.queue.queueArn],
        }),
      ],
      ...(alone ? { reservedConcurrency: polling.maxConcurrency } : {}),
    });
    new EventSourceMapping(this, 'Poller', {
      target: this.function.handler,
      eventSourceArn: this.fed.queue.queueArn,
      batchSize: polling.batchSize,
      ...(trigger.kind === 'events' && trigger.batchWindowSeconds
        ? { maxBatchingWindow: Duration.seconds(trigger.batchWindowSeconds) }
        : {}),
      // Where one at a time is asked for, the reserved concurrency holds the second poller's batch back.
      maxConcurrency: Math.max(polling.maxConcurrency, LEAST_MAX_CONCURRENCY),
      reportBatchItemFailures: true,
    });
    alarmOnDeadLetters(this, this.fed.deadLetters, this.function.alarmTarget);
  }
}
