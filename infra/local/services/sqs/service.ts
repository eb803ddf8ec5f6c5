import { z } from 'zod';
import { isLadingError } from '../../../../lib/core/errors.ts';
import {
  type LocalService,
  type RequiredPermission,
  readBody,
  type ServiceRequest,
  type ServiceResponse,
  targetOperation,
} from '../service.ts';
import { attributesOf, definitionFromAttributes } from './attributes.ts';
import { md5, md5OfAttributes, messageSize } from './checksums.ts';
import { invalidValue, SqsError, sqsErrorResponse } from './errors.ts';
import type { MessageAttributes, ReceivedMessage } from './model.ts';
import type { LocalQueue } from './queue.ts';
import type { LocalQueues } from './queues.ts';
import { checkBatch, checkMessage, type MessageInput, parseRequest, requests } from './requests.ts';

const MAX_BATCH_BYTES = 1_048_576;

interface Call {
  readonly body: unknown;
  readonly region: string;
  readonly accountId: string;
  readonly queues: LocalQueues;
}

type Operation = (call: Call) => unknown;

/** The JSON protocol of SQS over the queues. */
export function sqsService(queues: LocalQueues): LocalService {
  return {
    name: 'sqs',
    authorize: (request, body) => authorize(queues, request, body),
    handle: async (request) => {
      try {
        const operation = OPERATIONS.get(targetOperation(request));
        if (operation === undefined) {
          throw new SqsError('InvalidAction', `the action ${targetOperation(request) || '(none)'} is not known`);
        }
        const body = parseBody(await readBody(request.body));
        const { region, accountId } = request;
        return ok(await operation({ body, region, accountId, queues }));
      } catch (error) {
        if (error instanceof SqsError) return sqsErrorResponse(error);
        throw error;
      }
    },
  };
}

const ok = (body: unknown): ServiceResponse => ({
  status: 200,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: JSON.stringify(body ?? {}),
});

function parseBody(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return {};
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    throw invalidValue('the body is not JSON');
  }
}

const ADDRESSED = z.object({
  QueueUrl: z.string().optional(),
  QueueName: z.string().optional(),
  SourceArn: z.string().optional(),
});

function authorize(queues: LocalQueues, request: ServiceRequest, bytes: Uint8Array): readonly RequiredPermission[] {
  const operation = targetOperation(request);
  // IAM knows no batch actions: a batch needs the permission of the single call.
  const action = `sqs:${operation.replace(/Batch$/, '')}`;
  const { region, accountId } = request;
  if (operation === 'ListQueues') return [{ action, resource: `arn:aws:sqs:${region}:${accountId}:*` }];
  const parsed = ADDRESSED.safeParse(parseBody(bytes));
  const address = parsed.success ? parsed.data : {};
  const name = (address.QueueUrl ?? address.QueueName ?? '').split('/').at(-1);
  const queue = queues.byUrl(address.QueueUrl ?? '', region);
  return [{ action, resource: queue?.arn ?? address.SourceArn ?? `arn:aws:sqs:${region}:${accountId}:${name}` }];
}

function queueOf(call: Call, url: string): LocalQueue {
  const queue = call.queues.byUrl(url, call.region);
  if (queue === undefined) throw new SqsError('QueueDoesNotExist', 'The specified queue does not exist.');
  return queue;
}

function send(queue: LocalQueue, input: MessageInput): Record<string, unknown> {
  checkMessage(input, queue.definition);
  const attributes: MessageAttributes = input.MessageAttributes ?? {};
  const sent = queue.send({
    body: input.MessageBody,
    attributes,
    delaySeconds: input.DelaySeconds,
    groupId: input.MessageGroupId,
    deduplicationId: input.MessageDeduplicationId,
  });
  const checksum = md5OfAttributes(attributes);
  return {
    MessageId: sent.messageId,
    MD5OfMessageBody: md5(input.MessageBody),
    ...(checksum === undefined ? {} : { MD5OfMessageAttributes: checksum }),
    ...(sent.sequenceNumber === undefined ? {} : { SequenceNumber: sent.sequenceNumber }),
  };
}

/** Runs each entry of a batch by itself: one that is refused is told in `Failed`, and the others still happen. */
function eachEntry<T extends { readonly Id: string }>(
  entries: readonly T[],
  work: (entry: T) => Record<string, unknown>,
): { Successful: unknown[]; Failed: unknown[] } {
  checkBatch(entries);
  const result: { Successful: unknown[]; Failed: unknown[] } = { Successful: [], Failed: [] };
  for (const entry of entries) {
    try {
      result.Successful.push({ Id: entry.Id, ...work(entry) });
    } catch (error) {
      if (!(error instanceof SqsError)) throw error;
      result.Failed.push({ Id: entry.Id, SenderFault: true, Code: error.code, Message: error.message });
    }
  }
  return result;
}

function changeVisibility(queue: LocalQueue, receipt: string, seconds: number): Record<string, unknown> {
  if (queue.changeVisibility(receipt, seconds)) return {};
  throw invalidValue(
    `Value ${receipt} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.`,
  );
}

function present(message: ReceivedMessage, systemNames: readonly string[], names: readonly string[]): unknown {
  const every = systemNames.includes('All');
  const system = Object.entries(message.systemAttributes).filter(([name]) => every || systemNames.includes(name));
  const wanted = Object.entries(message.attributes).filter(([name]) =>
    names.some((n) => n === 'All' || n === '.*' || n === name || (n.endsWith('.*') && name.startsWith(n.slice(0, -1)))),
  );
  const attributes = Object.fromEntries(wanted);
  return {
    MessageId: message.messageId,
    ReceiptHandle: message.receiptHandle,
    Body: message.body,
    MD5OfBody: md5(message.body),
    ...(system.length === 0 ? {} : { Attributes: Object.fromEntries(system) }),
    ...(wanted.length === 0
      ? {}
      : { MessageAttributes: attributes, MD5OfMessageAttributes: md5OfAttributes(attributes) }),
  };
}

async function receive(call: Call): Promise<unknown> {
  const input = parseRequest(requests.ReceiveMessage, call.body);
  const queue = queueOf(call, input.QueueUrl);
  const messages = await queue.receive({
    max: input.MaxNumberOfMessages ?? 1,
    waitMs: (input.WaitTimeSeconds ?? queue.definition.receiveWaitSeconds) * 1000,
    visibilityTimeout: input.VisibilityTimeout,
  });
  const systemNames = [...(input.AttributeNames ?? []), ...(input.MessageSystemAttributeNames ?? [])];
  const names = input.MessageAttributeNames ?? [];
  return messages.length === 0 ? {} : { Messages: messages.map((message) => present(message, systemNames, names)) };
}

function sendBatch(call: Call): unknown {
  const input = parseRequest(requests.SendMessageBatch, call.body);
  const queue = queueOf(call, input.QueueUrl);
  const bytes = input.Entries.reduce((sum, e) => sum + messageSize(e.MessageBody, e.MessageAttributes ?? {}), 0);
  if (bytes > MAX_BATCH_BYTES) {
    throw new SqsError('BatchRequestTooLong', `Batch requests cannot be longer than ${MAX_BATCH_BYTES} bytes.`);
  }
  return eachEntry(input.Entries, (entry) => send(queue, entry));
}

function listQueues(call: Call): unknown {
  const {
    QueueNamePrefix: prefix = '',
    MaxResults: max,
    NextToken: after = '',
  } = parseRequest(requests.ListQueues, call.body);
  const all = call.queues
    .all()
    .filter(({ definition: { name, region } }) => region === call.region && name.startsWith(prefix) && name > after)
    .sort((a, b) => (a.definition.name < b.definition.name ? -1 : 1));
  const page = all.slice(0, max ?? 1000);
  const more = max !== undefined && all.length > max ? { NextToken: page.at(-1)?.definition.name } : {};
  return { QueueUrls: page.map(({ url }) => url), ...more };
}

function startMoveTask(call: Call): unknown {
  const { SourceArn: source, DestinationArn: destinationArn } = parseRequest(requests.StartMessageMoveTask, call.body);
  try {
    call.queues.redrive(source, { destinationArn });
  } catch (error) {
    if (!isLadingError(error, 'queue-unknown')) throw error;
    throw new SqsError('ResourceNotFoundException', error.message);
  }
  return { TaskHandle: Buffer.from(JSON.stringify({ sourceArn: source })).toString('base64') };
}

const onQueue = (work: (queue: LocalQueue, call: Call) => unknown): Operation => {
  return (call) => work(queueOf(call, parseRequest(requests.OnQueue, call.body).QueueUrl), call);
};

const OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  [
    'SendMessage',
    (call) => {
      const input = parseRequest(requests.SendMessage, call.body);
      return send(queueOf(call, input.QueueUrl), input);
    },
  ],
  ['SendMessageBatch', sendBatch],
  ['ReceiveMessage', receive],
  [
    'DeleteMessage',
    onQueue((queue, call) => {
      queue.delete(parseRequest(requests.DeleteMessage, call.body).ReceiptHandle);
    }),
  ],
  [
    'DeleteMessageBatch',
    onQueue((queue, call) =>
      eachEntry(parseRequest(requests.DeleteMessageBatch, call.body).Entries, (entry) => {
        queue.delete(entry.ReceiptHandle);
        return {};
      }),
    ),
  ],
  [
    'ChangeMessageVisibility',
    onQueue((queue, call) => {
      const input = parseRequest(requests.ChangeMessageVisibility, call.body);
      return changeVisibility(queue, input.ReceiptHandle, input.VisibilityTimeout);
    }),
  ],
  [
    'ChangeMessageVisibilityBatch',
    onQueue((queue, call) =>
      eachEntry(parseRequest(requests.ChangeMessageVisibilityBatch, call.body).Entries, (entry) =>
        changeVisibility(queue, entry.ReceiptHandle, entry.VisibilityTimeout),
      ),
    ),
  ],
  ['GetQueueUrl', (call) => ({ QueueUrl: queueOf(call, parseRequest(requests.GetQueueUrl, call.body).QueueName).url })],
  [
    'GetQueueAttributes',
    onQueue((queue, call) => ({
      Attributes: attributesOf(queue, parseRequest(requests.GetQueueAttributes, call.body).AttributeNames ?? []),
    })),
  ],
  ['ListQueues', listQueues],
  [
    'ListDeadLetterSourceQueues',
    onQueue((queue, call) => ({ queueUrls: call.queues.sourcesOf(queue.arn).map(({ url }) => url) })),
  ],
  [
    'CreateQueue',
    (call) => {
      const { QueueName: name, Attributes } = parseRequest(requests.CreateQueue, call.body);
      const { region, accountId } = call;
      return {
        QueueUrl: call.queues.create(definitionFromAttributes({ name, region, accountId }, Attributes ?? {})).url,
      };
    },
  ],
  ['DeleteQueue', onQueue((queue, call) => call.queues.remove(queue.arn))],
  ['PurgeQueue', onQueue((queue) => queue.purge())],
  ['StartMessageMoveTask', startMoveTask],
]);
