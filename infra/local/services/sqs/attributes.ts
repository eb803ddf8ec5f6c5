import { z } from 'zod';
import { invalidValue } from './errors.ts';
import { QUEUE_DEFAULTS, type QueueDefinition } from './model.ts';
import type { LocalQueue } from './queue.ts';

const REDRIVE = z.object({
  deadLetterTargetArn: z.string(),
  maxReceiveCount: z.coerce.number().int().min(1).max(1000),
});

/** The attributes of CreateQueue. @throws SqsError */
export function definitionFromAttributes(
  of: { readonly name: string; readonly region: string; readonly accountId: string },
  attributes: Readonly<Record<string, string>>,
): QueueDefinition {
  const number = (name: string, otherwise: number, min: number, max: number): number => {
    const value = attributes[name] === undefined ? otherwise : Number(attributes[name]);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw invalidValue(`Invalid value for the parameter ${name}. Reason: Must be between ${min} and ${max}.`);
  };
  const redrive = attributes.RedrivePolicy;
  return {
    ...of,
    visibilityTimeout: number('VisibilityTimeout', QUEUE_DEFAULTS.visibilityTimeout, 0, 43_200),
    delaySeconds: number('DelaySeconds', QUEUE_DEFAULTS.delaySeconds, 0, 900),
    retentionSeconds: number('MessageRetentionPeriod', QUEUE_DEFAULTS.retentionSeconds, 60, 1_209_600),
    receiveWaitSeconds: number('ReceiveMessageWaitTimeSeconds', QUEUE_DEFAULTS.receiveWaitSeconds, 0, 20),
    maximumMessageSize: number('MaximumMessageSize', QUEUE_DEFAULTS.maximumMessageSize, 1024, 1_048_576),
    fifo: attributes.FifoQueue === 'true',
    contentBasedDeduplication: attributes.ContentBasedDeduplication === 'true',
    ...(redrive === undefined ? {} : { redrive: parseRedrive(redrive) }),
  };
}

function parseRedrive(text: string): { deadLetterTargetArn: string; maxReceiveCount: number } {
  try {
    return REDRIVE.parse(JSON.parse(text));
  } catch {
    throw invalidValue('Value for parameter RedrivePolicy is invalid. Reason: Redrive policy is not a valid JSON map.');
  }
}

/** The answer of GetQueueAttributes, as strings. */
export function attributesOf(queue: LocalQueue, names: readonly string[]): Record<string, string> {
  const { definition } = queue;
  const counts = queue.counts();
  const all: Record<string, string> = {
    QueueArn: queue.arn,
    ApproximateNumberOfMessages: String(counts.visible),
    ApproximateNumberOfMessagesNotVisible: String(counts.inFlight),
    ApproximateNumberOfMessagesDelayed: String(counts.delayed),
    VisibilityTimeout: String(definition.visibilityTimeout),
    DelaySeconds: String(definition.delaySeconds),
    MessageRetentionPeriod: String(definition.retentionSeconds),
    ReceiveMessageWaitTimeSeconds: String(definition.receiveWaitSeconds),
    MaximumMessageSize: String(definition.maximumMessageSize),
    ...(definition.redrive === undefined ? {} : { RedrivePolicy: JSON.stringify(definition.redrive) }),
    ...(definition.fifo
      ? { FifoQueue: 'true', ContentBasedDeduplication: String(definition.contentBasedDeduplication) }
      : {}),
  };
  if (names.includes('All')) return all;
  return Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)));
}
