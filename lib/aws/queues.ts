import {
  ChangeMessageVisibilityBatchCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  SendMessageCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { LadingError } from '../core/errors.ts';

/** Where to find the queues: AWS by the SDK's own rules, or the facade of a local stack. */
export interface QueueEndpoint {
  readonly endpoint: string;
  readonly region: string;
}

/** The key of the developer at the machine, which the local facade knows; it means nothing on AWS. */
export const LOCAL_KEY = { accessKeyId: 'local', secretAccessKey: 'local' };

export const queueClient = (at: QueueEndpoint | undefined): SQSClient =>
  // A queue's address does not say where to call: region and endpoint do, here as for every other service.
  new SQSClient({
    useQueueUrlAsEndpoint: false,
    ...(at ? { endpoint: at.endpoint, region: at.region, credentials: LOCAL_KEY } : {}),
  });

export interface DeadLetterQueue {
  readonly name: string;
  readonly url: string;
  readonly arn: string;
  readonly messages: number;
}

const SUFFIX = '-dlq';

/** Every dead-letter queue of the stack, with the number of messages that wait in it. */
export async function listDeadLetterQueues(client: SQSClient, prefix: string): Promise<readonly DeadLetterQueue[]> {
  const { QueueUrls = [] } = await client.send(new ListQueuesCommand({ QueueNamePrefix: prefix, MaxResults: 1000 }));
  const urls = QueueUrls.filter((url) => url.endsWith(SUFFIX));
  return Promise.all(
    urls.map(async (url) => {
      const { Attributes } = await client.send(
        new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn', 'ApproximateNumberOfMessages'] }),
      );
      const messages = Number(Attributes?.ApproximateNumberOfMessages ?? 0);
      return { name: url.slice(url.lastIndexOf('/') + 1), url, arn: String(Attributes?.QueueArn), messages };
    }),
  );
}

/**
 * Starts to move the messages to the queue that the dead-letter queue belongs to; SQS does the moving. The queue is
 * named because EventBridge puts in, too, what it could not deliver, and such a message came from no queue.
 */
export async function redrive(client: SQSClient, { arn }: DeadLetterQueue): Promise<void> {
  const DestinationArn = arn.slice(0, -SUFFIX.length);
  await client.send(new StartMessageMoveTaskCommand({ SourceArn: arn, DestinationArn }));
}

/** Runs a scheduled function now, by sending its queue what the schedule would, and with it what it should know. */
export async function runNow(
  client: SQSClient,
  prefix: string,
  functionName: string,
  now: Date,
  detail: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const name = `${prefix}${functionName}`;
  let url: string | undefined;
  try {
    url = (await client.send(new GetQueueUrlCommand({ QueueName: name }))).QueueUrl;
  } catch (cause) {
    throw new LadingError('queue-unknown', `there is no queue ${name}`, {
      cause,
      hint: 'is the prefix right, and is the stack of this version?',
    });
  }
  const event = {
    version: '0',
    id: crypto.randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: '000000000000',
    time: now.toISOString(),
    region: 'local',
    resources: [],
    detail,
  };
  await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: JSON.stringify(event) }));
}

/** `arn:aws:sqs:REGION:ACCOUNT:NAME` → the queue's address. */
export function queueUrlOf(arn: string): string {
  const [, partition, , region, account, name] = arn.split(':');
  return `https://sqs.${region}.amazonaws.com${partition === 'aws-cn' ? '.cn' : ''}/${account}/${name}`;
}

/** Lets messages that were received and failed come again after so many seconds, at most ten of them. */
export async function comeAgainAfter(
  client: SQSClient,
  queueUrl: string,
  messages: readonly { readonly receiptHandle: string; readonly seconds: number }[],
): Promise<void> {
  await client.send(
    new ChangeMessageVisibilityBatchCommand({
      QueueUrl: queueUrl,
      Entries: messages.map(({ receiptHandle, seconds }, i) => ({
        Id: String(i),
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: seconds,
      })),
    }),
  );
}
