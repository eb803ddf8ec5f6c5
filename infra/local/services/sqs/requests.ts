import { z } from 'zod';
import { messageSize } from './checksums.ts';
import { invalidValue, SqsError } from './errors.ts';
import type { QueueDefinition } from './model.ts';

const attribute = z.object({
  DataType: z.string().min(1),
  StringValue: z.string().optional(),
  BinaryValue: z.string().optional(),
});

const message = z.object({
  MessageBody: z.string(),
  DelaySeconds: z.int().min(0).max(900).optional(),
  MessageAttributes: z.record(z.string(), attribute).nullish(),
  MessageGroupId: z.string().min(1).max(128).optional(),
  MessageDeduplicationId: z.string().min(1).max(128).optional(),
});
export type MessageInput = z.infer<typeof message>;

const onQueue = z.object({ QueueUrl: z.string().min(1) });
const entry = z.object({ Id: z.string() });
const receipt = z.object({ ReceiptHandle: z.string().min(1) });
const visibility = receipt.extend({ VisibilityTimeout: z.int().min(0).max(43_200) });
const batchOf = <T extends z.ZodRawShape>(shape: z.ZodObject<T>) =>
  onQueue.extend({ Entries: z.array(shape.extend(entry.shape)) });

/** The bodies of the JSON-protocol calls, by operation. */
export const requests = {
  SendMessage: onQueue.extend(message.shape),
  SendMessageBatch: batchOf(message),
  ReceiveMessage: onQueue.extend({
    MaxNumberOfMessages: z.int().min(1).max(10).optional(),
    VisibilityTimeout: z.int().min(0).max(43_200).optional(),
    WaitTimeSeconds: z.int().min(0).max(20).optional(),
    AttributeNames: z.array(z.string()).nullish(),
    MessageSystemAttributeNames: z.array(z.string()).nullish(),
    MessageAttributeNames: z.array(z.string()).nullish(),
  }),
  DeleteMessage: onQueue.extend(receipt.shape),
  DeleteMessageBatch: batchOf(receipt),
  ChangeMessageVisibility: onQueue.extend(visibility.shape),
  ChangeMessageVisibilityBatch: batchOf(visibility),
  OnQueue: onQueue,
  GetQueueUrl: z.object({ QueueName: z.string().min(1) }),
  ListQueues: z.object({
    QueueNamePrefix: z.string().optional(),
    MaxResults: z.int().min(1).max(1000).optional(),
    NextToken: z.string().optional(),
  }),
  CreateQueue: z.object({
    QueueName: z.string().min(1),
    Attributes: z.record(z.string(), z.string()).nullish(),
  }),
  GetQueueAttributes: onQueue.extend({ AttributeNames: z.array(z.string()).nullish() }),
  StartMessageMoveTask: z.object({ SourceArn: z.string(), DestinationArn: z.string().optional() }),
} as const;

/** @throws SqsError `InvalidParameterValue` naming the member. */
export function parseRequest<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalidValue(`Value for parameter ${issue?.path.join('.') || 'body'} is invalid. Reason: ${issue?.message}.`);
}

// "SendMessage": #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF.
// biome-ignore lint/suspicious/noControlCharactersInRegex: tab, line feed and carriage return are the controls allowed.
const FORBIDDEN = /[^\u0009\u000A\u000D\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

/** @throws SqsError for a message that the queue would not take. */
export function checkMessage(input: MessageInput, definition: QueueDefinition): void {
  if (input.MessageBody.length === 0) {
    throw new SqsError('MissingParameter', 'The request must contain the parameter MessageBody.');
  }
  if (FORBIDDEN.test(input.MessageBody)) {
    throw new SqsError('InvalidMessageContents', 'The message contains characters outside the allowed set.');
  }
  const limit = definition.maximumMessageSize;
  if (messageSize(input.MessageBody, input.MessageAttributes ?? {}) > limit) {
    throw invalidValue(`One or more parameters are invalid. Reason: Message must be shorter than ${limit} bytes.`);
  }
  if (!definition.fifo) return;
  if (input.MessageGroupId === undefined) {
    throw new SqsError('MissingParameter', 'The request must contain the parameter MessageGroupId.');
  }
  if ((input.DelaySeconds ?? 0) !== 0) {
    throw invalidValue('The parameter DelaySeconds is not valid for this queue type.');
  }
  if (input.MessageDeduplicationId === undefined && !definition.contentBasedDeduplication) {
    throw invalidValue(
      'The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly.',
    );
  }
}

/** @throws SqsError where the entries of a batch are none, too many, or not told apart by their ids. */
export function checkBatch(entries: readonly { readonly Id: string }[]): void {
  if (entries.length === 0) throw new SqsError('EmptyBatchRequest', 'There is no entry in the request.');
  if (entries.length > 10) {
    throw new SqsError('TooManyEntriesInBatchRequest', 'Maximum number of entries per request are 10.');
  }
  const ids = new Set<string>();
  for (const { Id } of entries) {
    if (!/^[A-Za-z0-9_-]{1,80}$/.test(Id)) throw new SqsError('InvalidBatchEntryId', `"${Id}" is no batch entry id.`);
    if (ids.has(Id)) throw new SqsError('BatchEntryIdsNotDistinct', `Id ${Id} repeated.`);
    ids.add(Id);
  }
}
