import type { MessageAttributes, QueueDefinition } from './model.ts';

/** A message at rest. */
export interface StoredMessage {
  readonly messageId: string;
  readonly body: string;
  readonly attributes: MessageAttributes;
  /** Milliseconds since the epoch; kept when a standard queue gives the message up to its dead-letter queue. */
  readonly sentAt: number;
  readonly sequence: number;
  readonly groupId: string | undefined;
  readonly deduplicationId: string | undefined;
  /** The queue that gave the message up, on a message in a dead-letter queue. */
  readonly deadLetterSourceArn: string | undefined;
  receiveCount: number;
  firstReceivedAt: number | undefined;
  lastReceipt: string | undefined;
}

export const sequenceNumber = (sequence: number): string => String(sequence).padStart(20, '0');

/** The names of "ReceiveMessage", MessageSystemAttributeNames. */
export function systemAttributes(definition: QueueDefinition, message: StoredMessage): Record<string, string> {
  return {
    ApproximateReceiveCount: String(message.receiveCount),
    SentTimestamp: String(message.sentAt),
    SenderId: definition.accountId,
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
    ...(message.groupId === undefined ? {} : { MessageGroupId: message.groupId }),
    ...(message.deduplicationId === undefined ? {} : { MessageDeduplicationId: message.deduplicationId }),
    ...(definition.fifo ? { SequenceNumber: sequenceNumber(message.sequence) } : {}),
    ...(message.deadLetterSourceArn === undefined ? {} : { DeadLetterQueueSourceArn: message.deadLetterSourceArn }),
  };
}
