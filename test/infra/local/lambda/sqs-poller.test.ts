import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Outcome } from '../../../../infra/local/lambda/model.ts';
import { type RetryDelay, SqsPoller } from '../../../../infra/local/lambda/sqs-poller.ts';
import { QUEUE_DEFAULTS, type QueueDefinition } from '../../../../infra/local/services/sqs/model.ts';
import { LocalQueues } from '../../../../infra/local/services/sqs/queues.ts';
import type { EventSourceDefinition } from '../../../../infra/local/template/backends.ts';
import { systemClock } from '../../../../lib/core/clock.ts';
import { compilePattern } from '../../../../lib/events/pattern.ts';
import { place } from '../support/functions.ts';

interface Batch {
  readonly Records: readonly {
    readonly messageId: string;
    readonly body: string;
    readonly attributes: Record<string, string>;
  }[];
}

const success = (value: unknown = null): Outcome => ({
  kind: 'success',
  payload: JSON.stringify(value),
  durationMs: 1,
});
const failure: Outcome = {
  kind: 'error',
  reason: 'handled',
  error: { errorType: 'Error', errorMessage: 'no', trace: [] },
  durationMs: 1,
};

describe('the event source of a queue', () => {
  let queues: LocalQueues;
  let poller: SqsPoller | undefined;
  beforeEach(() => {
    queues = new LocalQueues({ clock: systemClock, endpoint: () => 'http://127.0.0.1:1' });
  });
  afterEach(async () => {
    queues.close();
    await poller?.stop();
  });

  const queue = (more: Partial<QueueDefinition> = {}) =>
    queues.create({ name: 'work', ...place, ...QUEUE_DEFAULTS, ...more });

  function start(
    invoke: (batch: Batch) => Promise<Outcome> | Outcome,
    more: Partial<EventSourceDefinition> = {},
    options: { concurrency?: number; retryAfterSeconds?: RetryDelay; filters?: unknown[] } = {},
  ): void {
    poller = new SqsPoller({
      queue: queue(),
      source: {
        queueArn: queue().arn,
        functionArn: 'f',
        enabled: true,
        batchSize: 10,
        batchWindowSeconds: 0,
        maximumConcurrency: undefined,
        reportsItemFailures: true,
        filters: [],
        ...more,
      },
      invoke: async (event) => await invoke(event as Batch),
      concurrency: options.concurrency ?? 2,
      filters: (options.filters ?? []).map(compilePattern),
      retryAfterSeconds: options.retryAfterSeconds,
    });
    poller.start();
  }
  const left = () => {
    const { visible, inFlight, delayed } = queue().counts();
    return visible + inFlight + delayed;
  };

  it('hands over records as Lambda does, a burst as one batch, and deletes what succeeded', async () => {
    const batches: Batch[] = [];
    start((batch) => {
      batches.push(batch);
      return success({ batchItemFailures: [] });
    });
    queue().send({ body: '{"a":1}', attributes: { kind: { DataType: 'String', StringValue: 'x' } } });
    queue().send({ body: 'b' });
    await expect.poll(left).toBe(0);
    expect(batches).toHaveLength(1);
    expect(batches[0]?.Records).toEqual([
      {
        messageId: expect.any(String),
        receiptHandle: expect.any(String),
        body: '{"a":1}',
        attributes: expect.objectContaining({
          ApproximateReceiveCount: '1',
          SentTimestamp: expect.stringMatching(/^\d{13}$/),
        }),
        messageAttributes: {
          kind: { stringValue: 'x', stringListValues: [], binaryListValues: [], dataType: 'String' },
        },
        md5OfBody: 'bb6cb5c68df4652941caf652a366f2d8',
        eventSource: 'aws:sqs',
        eventSourceARN: queue().arn,
        awsRegion: 'eu-central-1',
      },
      expect.objectContaining({ body: 'b', md5OfBody: '92eb5ffee6ae2fec3ad71c777531578f' }),
    ]);
  });

  it('leaves the reported failures for another try, and no others', async () => {
    const tries: string[] = [];
    start(
      ({ Records }) => {
        for (const { body } of Records) tries.push(body);
        const bad = Records.filter(
          ({ body, attributes }) => body === 'bad' && attributes.ApproximateReceiveCount === '1',
        );
        return success({ batchItemFailures: bad.map(({ messageId }) => ({ itemIdentifier: messageId })) });
      },
      {},
      { retryAfterSeconds: 0 },
    );
    for (const body of ['good', 'bad', 'fine']) queue().send({ body });
    await expect.poll(left).toBe(0);
    expect(tries.sort()).toEqual(['bad', 'bad', 'fine', 'good']);
  });

  it.each<[string, Outcome, boolean]>([
    ['an error of the function', failure, true],
    ['a response that names an unknown message', success({ batchItemFailures: [{ itemIdentifier: 'other' }] }), true],
    ['a response with an empty identifier', success({ batchItemFailures: [{ itemIdentifier: '' }] }), true],
    ['a response of another shape', success({ batchItemFailures: 'none' }), true],
    ['an empty response', success(null), false],
    ['a response without failures', success({}), false],
    ['a text', success('done'), false],
  ])('takes %s for a failure of the whole batch: %#', async (_what, outcome, fails) => {
    let calls = 0;
    start(() => {
      calls++;
      return outcome;
    });
    queue().send({ body: 'a' });
    await expect.poll(() => calls).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(left()).toBe(fails ? 1 : 0);
  });

  it('ignores reported failures where the mapping does not ask for them', async () => {
    start(({ Records }) => success({ batchItemFailures: [{ itemIdentifier: Records[0]?.messageId }] }), {
      reportsItemFailures: false,
    });
    queue().send({ body: 'a' });
    await expect.poll(left).toBe(0);
  });

  it('gives a message that always fails to the dead-letter queue', async () => {
    const dead = queues.create({ name: 'dead', ...place, ...QUEUE_DEFAULTS });
    queue({ redrive: { deadLetterTargetArn: dead.arn, maxReceiveCount: 3 } });
    let calls = 0;
    start(
      () => {
        calls++;
        return failure;
      },
      {},
      { retryAfterSeconds: 0 },
    );
    queue().send({ body: 'poison' });
    await expect.poll(() => dead.counts().visible).toBe(1);
    expect(calls).toBe(3);
    expect(left()).toBe(0);
  });

  it('waits longer the more often a message failed, where it is told to', async () => {
    const counts: number[] = [];
    start(
      () => failure,
      {},
      {
        retryAfterSeconds: (count) => {
          counts.push(count);
          return count < 3 ? 0 : 60;
        },
      },
    );
    queue().send({ body: 'a' });
    await expect.poll(() => counts).toEqual([1, 2, 3]);
    expect(queue().counts()).toMatchObject({ visible: 0, inFlight: 1 });
  });

  it('keeps to the batch size and to the number of batches at once', async () => {
    let running = 0;
    let most = 0;
    const sizes: number[] = [];
    start(
      async ({ Records }) => {
        sizes.push(Records.length);
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running--;
        return success();
      },
      { batchSize: 3 },
      { concurrency: 2 },
    );
    for (let i = 0; i < 20; i++) queue().send({ body: `${i}` });
    await expect.poll(left).toBe(0);
    expect(most).toBe(2);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(20);
    expect(Math.max(...sizes)).toBe(3);
  });

  it('waits out the batching window for a fuller batch', async () => {
    const sizes: number[] = [];
    start(
      ({ Records }) => {
        sizes.push(Records.length);
        return success();
      },
      { batchSize: 3, batchWindowSeconds: 10 },
    );
    for (let i = 0; i < 3; i++) {
      queue().send({ body: `${i}` });
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    await expect.poll(left).toBe(0);
    expect(sizes).toEqual([3]);
  });

  it('splits a batch that is over the size of an invocation', async () => {
    const sizes: number[] = [];
    start(({ Records }) => {
      sizes.push(Records.length);
      return success();
    });
    for (let i = 0; i < 8; i++) queue().send({ body: 'x'.repeat(1_000_000) });
    await expect.poll(left).toBe(0);
    expect(sizes).toEqual([5, 3]);
  });

  it('deletes unread what no filter matches', async () => {
    const bodies: string[] = [];
    start(
      ({ Records }) => {
        bodies.push(...Records.map(({ body }) => body));
        return success();
      },
      {},
      { filters: [{ body: { kind: ['a'] } }] },
    );
    for (const body of ['{"kind":"a"}', '{"kind":"b"}', 'no json']) queue().send({ body });
    await expect.poll(left).toBe(0);
    expect(bodies).toEqual(['{"kind":"a"}']);
  });

  it('gives back what arrives while it stops', async () => {
    start(() => success());
    await poller?.stop();
    queue().send({ body: 'late' });
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(queue().counts()).toMatchObject({ visible: 1 });
  });
});
