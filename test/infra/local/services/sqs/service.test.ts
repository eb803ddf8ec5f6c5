import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListDeadLetterSourceQueuesCommand,
  ListQueuesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import fc from 'fast-check';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CredentialBook } from '../../../../../infra/local/facade/credentials.ts';
import { Facade } from '../../../../../infra/local/facade/facade.ts';
import { AccessControl } from '../../../../../infra/local/facade/iam/access-control.ts';
import { QUEUE_DEFAULTS } from '../../../../../infra/local/services/sqs/model.ts';
import { LocalQueues } from '../../../../../infra/local/services/sqs/queues.ts';
import { sqsService } from '../../../../../infra/local/services/sqs/service.ts';
import { systemClock } from '../../../../../lib/core/clock.ts';
import { place } from '../../support/functions.ts';

const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

describe('SQS by its SDK', () => {
  let facade: Facade;
  let queues: LocalQueues;
  let client: SQSClient;
  let url: string;
  beforeAll(async () => {
    facade = new Facade({
      accountId: place.accountId,
      credentials: new CredentialBook(),
      access: new AccessControl(),
      clock: systemClock,
      onFault: () => {},
    });
    queues = new LocalQueues({ clock: systemClock, endpoint: () => facade.endpoint });
    facade.add(sqsService(queues));
    const endpoint = await facade.listen(0);
    client = new SQSClient({ endpoint, region: place.region, credentials, maxAttempts: 1 });
  });
  beforeEach(() => {
    for (const { arn } of queues.all()) queues.remove(arn);
    ({ url } = queues.create({ name: 'work', ...place, ...QUEUE_DEFAULTS }));
  });
  afterAll(async () => {
    client.destroy();
    queues.close();
    await facade.close();
  });
  const receive = (more: Partial<ConstructorParameters<typeof ReceiveMessageCommand>[0]> = {}) =>
    client.send(new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10, ...more }));

  it('sends, receives with attributes, and deletes', async () => {
    const sent = await client.send(
      new SendMessageCommand({
        QueueUrl: url,
        MessageBody: 'häagen ✓ 😀',
        MessageAttributes: {
          'a.kind': { DataType: 'String', StringValue: 'x' },
          bytes: { DataType: 'Binary', BinaryValue: Uint8Array.of(1, 2, 255) },
        },
      }),
    );
    expect(sent.MessageId).toMatch(/^[0-9a-f-]{36}$/);
    const { Messages: [message] = [] } = await receive({
      MessageSystemAttributeNames: ['ApproximateReceiveCount'],
      MessageAttributeNames: ['a.*', 'bytes'],
    });
    expect(message).toMatchObject({
      MessageId: sent.MessageId,
      Body: 'häagen ✓ 😀',
      Attributes: { ApproximateReceiveCount: '1' },
      MessageAttributes: { 'a.kind': { StringValue: 'x' }, bytes: { BinaryValue: Uint8Array.of(1, 2, 255) } },
      MD5OfMessageAttributes: sent.MD5OfMessageAttributes,
    });
    await client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message?.ReceiptHandle }));
    const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] }));
    expect(Attributes).toMatchObject({
      ApproximateNumberOfMessages: '0',
      ApproximateNumberOfMessagesNotVisible: '0',
      VisibilityTimeout: '30',
      QueueArn: `arn:aws:sqs:${place.region}:${place.accountId}:work`,
    });
  });

  it('answers a long poll when the message comes', async () => {
    const waiting = receive({ WaitTimeSeconds: 20 });
    await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'a' }));
    expect((await waiting).Messages).toHaveLength(1);
    expect((await receive()).Messages).toBeUndefined();
  });

  it('does batches entry by entry', async () => {
    const { Successful, Failed } = await client.send(
      new SendMessageBatchCommand({
        QueueUrl: url,
        Entries: [
          { Id: 'a', MessageBody: 'a' },
          { Id: 'b', MessageBody: 'bad \u0000' },
          { Id: 'c', MessageBody: 'c', DelaySeconds: 900 },
        ],
      }),
    );
    expect(Successful?.map(({ Id }) => Id)).toEqual(['a', 'c']);
    expect(Failed).toMatchObject([{ Id: 'b', Code: 'InvalidMessageContents', SenderFault: true }]);
    const { Messages: [message] = [] } = await receive();
    const ReceiptHandle = message?.ReceiptHandle;
    const changed = await client.send(
      new ChangeMessageVisibilityBatchCommand({
        QueueUrl: url,
        Entries: [
          { Id: '1', ReceiptHandle, VisibilityTimeout: 0 },
          { Id: '2', ReceiptHandle: 'other', VisibilityTimeout: 0 },
        ],
      }),
    );
    expect([changed.Successful?.length, changed.Failed?.[0]?.Code]).toEqual([1, 'InvalidParameterValue']);
    const { Messages: [again] = [] } = await receive();
    const deleted = await client.send(
      new DeleteMessageBatchCommand({ QueueUrl: url, Entries: [{ Id: 'x', ReceiptHandle: again?.ReceiptHandle }] }),
    );
    expect(deleted.Successful).toHaveLength(1);
    expect(queues.all()[0]?.counts()).toEqual({ visible: 0, inFlight: 0, delayed: 1 });
  });

  it.each<[string, () => Promise<unknown>, string]>([
    [
      'a queue that is not there',
      () => receive({ QueueUrl: `${facade.endpoint}/${place.accountId}/none` }),
      'QueueDoesNotExist',
    ],
    [
      'an empty message',
      () => client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: '' })),
      'MissingParameter',
    ],
    [
      'a message too large',
      () => client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'x'.repeat(1_048_577) })),
      'InvalidParameterValue',
    ],
    ['eleven at once', () => receive({ MaxNumberOfMessages: 11 }), 'InvalidParameterValue'],
    [
      'a long delay',
      () => client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'x', DelaySeconds: 901 })),
      'InvalidParameterValue',
    ],
    [
      'an empty batch',
      () => client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: [] })),
      'EmptyBatchRequest',
    ],
    [
      'entries of one id',
      () =>
        client.send(
          new SendMessageBatchCommand({
            QueueUrl: url,
            Entries: ['a', 'b'].map((MessageBody) => ({ Id: '1', MessageBody })),
          }),
        ),
      'BatchEntryIdsNotDistinct',
    ],
    [
      'a batch too large',
      () =>
        client.send(
          new SendMessageBatchCommand({
            QueueUrl: url,
            Entries: ['a', 'b'].map((Id) => ({ Id, MessageBody: 'x'.repeat(600_000) })),
          }),
        ),
      'BatchRequestTooLong',
    ],
    [
      'a receipt of nothing',
      () =>
        client.send(new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle: 'x', VisibilityTimeout: 1 })),
      'InvalidParameterValue',
    ],
    [
      'a move from nowhere',
      () => client.send(new StartMessageMoveTaskCommand({ SourceArn: 'arn:aws:sqs:x:1:n' })),
      'ResourceNotFoundException',
    ],
  ])('refuses %s', async (_what, call, name) => {
    await expect(call()).rejects.toMatchObject({ name: expect.stringMatching(new RegExp(`${name}$`)) });
  });

  it('makes, finds, lists, purges and removes queues, and moves dead letters back', async () => {
    await client.send(new CreateQueueCommand({ QueueName: 'dead' }));
    const dead = queues.all().find(({ definition }) => definition.name === 'dead');
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead?.arn, maxReceiveCount: '1' });
    const { QueueUrl: source } = await client.send(
      new CreateQueueCommand({ QueueName: 'source', Attributes: { VisibilityTimeout: '0', RedrivePolicy } }),
    );
    expect((await client.send(new GetQueueUrlCommand({ QueueName: 'source' }))).QueueUrl).toBe(source);
    expect((await client.send(new ListQueuesCommand({ QueueNamePrefix: 's' }))).QueueUrls).toEqual([source]);
    expect((await client.send(new ListDeadLetterSourceQueuesCommand({ QueueUrl: dead?.url }))).queueUrls).toEqual([
      source,
    ]);
    await client.send(new SendMessageCommand({ QueueUrl: source, MessageBody: 'm' }));
    await receive({ QueueUrl: source });
    await receive({ QueueUrl: source });
    expect(dead?.counts().visible).toBe(1);
    await client.send(new StartMessageMoveTaskCommand({ SourceArn: dead?.arn }));
    expect((await receive({ QueueUrl: source })).Messages).toHaveLength(1);
    await client.send(new PurgeQueueCommand({ QueueUrl: source }));
    await client.send(new DeleteQueueCommand({ QueueUrl: source }));
    await expect(client.send(new GetQueueUrlCommand({ QueueName: 'source' }))).rejects.toMatchObject({
      name: expect.stringMatching(/QueueDoesNotExist$/),
    });
  });
});

describe('SQS beside another implementation of it', () => {
  let server: FauxqsServer;
  beforeAll(async () => {
    server = await startFauxqs({ port: 0, logger: false, host: '127.0.0.1' });
  });
  afterAll(() => server.stop());

  type Step = { readonly kind: 'send' | 'receive' | 'delete' | 'return'; readonly n: number };
  const step: fc.Arbitrary<Step> = fc.record({
    kind: fc.constantFrom('send', 'send', 'receive', 'delete', 'return'),
    n: fc.nat(3),
  });

  /** The bodies that each receive gave, with their receive counts, and what is left. */
  async function run(client: SQSClient, url: string, steps: readonly Step[]): Promise<unknown> {
    const seen: unknown[] = [];
    const receipts: string[] = [];
    for (const [i, { kind, n }] of steps.entries()) {
      if (kind === 'send') await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: `m${i}` }));
      if (kind === 'receive') {
        const { Messages = [] } = await client.send(
          new ReceiveMessageCommand({
            QueueUrl: url,
            MaxNumberOfMessages: n + 1,
            MessageSystemAttributeNames: ['All'],
          }),
        );
        receipts.push(...Messages.map(({ ReceiptHandle }) => ReceiptHandle ?? ''));
        seen.push(
          Messages.map(({ Body, MD5OfBody, Attributes }) => [Body, MD5OfBody, Attributes?.ApproximateReceiveCount]),
        );
      }
      const [ReceiptHandle] = kind === 'delete' || kind === 'return' ? receipts.splice(n, 1) : [];
      if (ReceiptHandle === undefined) continue;
      if (kind === 'delete') await client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle }));
      else
        await client.send(new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle, VisibilityTimeout: 0 }));
    }
    const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] }));
    const { ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible } = Attributes ?? {};
    return { seen, ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible };
  }

  it('gives the same answers to the same calls', async () => {
    const facade = new Facade({
      accountId: place.accountId,
      credentials: new CredentialBook(),
      access: new AccessControl(),
      clock: systemClock,
      onFault: () => {},
    });
    const queues = new LocalQueues({ clock: systemClock, endpoint: () => facade.endpoint });
    facade.add(sqsService(queues));
    const ours = new SQSClient({ endpoint: await facade.listen(0), region: place.region, credentials });
    const theirs = new SQSClient({ endpoint: `http://127.0.0.1:${server.port}`, region: place.region, credentials });
    let count = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
        const QueueName = `q${count++}`;
        const results = await Promise.all(
          [ours, theirs].map(async (client) => {
            const { QueueUrl = '' } = await client.send(new CreateQueueCommand({ QueueName }));
            return await run(client, QueueUrl, steps);
          }),
        );
        expect(results[0]).toEqual(results[1]);
      }),
      { numRuns: 25 },
    );
    for (const client of [ours, theirs]) client.destroy();
    queues.close();
    await facade.close();
  });
});
