import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { QUEUE_DEFAULTS, type QueueDefinition } from '../../../../../infra/local/services/sqs/model.ts';
import type { LocalQueue } from '../../../../../infra/local/services/sqs/queue.ts';
import { LocalQueues } from '../../../../../infra/local/services/sqs/queues.ts';

const definition = (name: string, more: Partial<QueueDefinition> = {}): QueueDefinition => ({
  name,
  region: 'eu-central-1',
  accountId: '000000000000',
  ...QUEUE_DEFAULTS,
  ...more,
});
const arn = (name: string): string => `arn:aws:sqs:eu-central-1:000000000000:${name}`;

describe('a queue', () => {
  let queues: LocalQueues;
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'setImmediate'] });
    queues = new LocalQueues({ clock: { now: () => new Date() }, endpoint: () => 'http://127.0.0.1:1' });
  });
  afterEach(() => {
    queues.close();
    vi.useRealTimers();
  });
  const make = (more: Partial<QueueDefinition> = {}): LocalQueue => queues.create(definition('work', more));
  const bodies = async (queue: LocalQueue, max = 10): Promise<string[]> =>
    (await queue.receive({ max })).map(({ body }) => body);

  it('gives a message back after its visibility timeout, with a rising receive count', async () => {
    const queue = make({ visibilityTimeout: 10 });
    queue.send({ body: 'a' });
    const [first] = await queue.receive({ max: 1 });
    expect(first?.systemAttributes.ApproximateReceiveCount).toBe('1');
    expect(queue.counts()).toEqual({ visible: 0, inFlight: 1, delayed: 0 });
    await vi.advanceTimersByTimeAsync(9_900);
    expect(await bodies(queue)).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    const [second] = await queue.receive({ max: 1 });
    expect(second?.systemAttributes.ApproximateReceiveCount).toBe('2');
    expect(second?.messageId).toBe(first?.messageId);
    expect(second?.receiptHandle).not.toBe(first?.receiptHandle);
  });

  it('deletes by the latest receipt even after the visibility timeout, but not by an older one', async () => {
    const queue = make({ visibilityTimeout: 1 });
    queue.send({ body: 'a' });
    const [first] = await queue.receive({ max: 1 });
    await vi.advanceTimersByTimeAsync(1_100);
    const [second] = await queue.receive({ max: 1 });
    expect(queue.delete(first?.receiptHandle ?? '')).toBe(false);
    await vi.advanceTimersByTimeAsync(1_100);
    expect(queue.counts().visible).toBe(1);
    expect(queue.delete(second?.receiptHandle ?? '')).toBe(true);
    expect(queue.counts()).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  });

  it('wakes a waiting receive on send, on return and at the end of a delay', async () => {
    const queue = make({ visibilityTimeout: 5 });
    const waiting = queue.receive({ max: 10, waitMs: 20_000 });
    queue.send({ body: 'a' });
    queue.send({ body: 'b' });
    await vi.advanceTimersByTimeAsync(1);
    const got = await waiting;
    expect(got.map(({ body }) => body)).toEqual(['a', 'b']);

    const again = queue.receive({ max: 1, waitMs: 20_000 });
    queue.changeVisibility(got[0]?.receiptHandle ?? '', 0);
    await vi.advanceTimersByTimeAsync(1);
    expect((await again)[0]?.body).toBe('a');

    const expired = queue.receive({ max: 1, waitMs: 20_000 });
    await vi.advanceTimersByTimeAsync(5_100);
    expect((await expired)[0]?.body).toBe('b');

    queue.purge();
    queue.send({ body: 'later', delaySeconds: 3 });
    expect(queue.counts().delayed).toBe(1);
    const delayed = queue.receive({ max: 1, waitMs: 20_000 });
    await vi.advanceTimersByTimeAsync(3_100);
    expect((await delayed)[0]?.body).toBe('later');
  });

  it('answers a waiting receive with nothing when the time is up', async () => {
    const waiting = make().receive({ max: 1, waitMs: 1_000 });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await waiting).toEqual([]);
  });

  it('serves waiting receives in turn', async () => {
    const queue = make();
    const first = queue.receive({ max: 1, waitMs: 5_000 });
    const second = queue.receive({ max: 1, waitMs: 5_000 });
    queue.send({ body: 'a' });
    queue.send({ body: 'b' });
    await vi.advanceTimersByTimeAsync(1);
    expect((await first)[0]?.body).toBe('a');
    expect((await second)[0]?.body).toBe('b');
  });

  it('lengthens a visibility timeout from now', async () => {
    const queue = make({ visibilityTimeout: 2 });
    queue.send({ body: 'a' });
    const [message] = await queue.receive({ max: 1 });
    expect(queue.changeVisibility(message?.receiptHandle ?? '', 60)).toBe(true);
    await vi.advanceTimersByTimeAsync(59_000);
    expect(queue.counts().visible).toBe(0);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(queue.counts().visible).toBe(1);
    expect(queue.changeVisibility('nonsense', 1)).toBe(false);
  });

  it('moves a message to the dead-letter queue when it would be received once too often', async () => {
    const queue = make({ visibilityTimeout: 1, redrive: { deadLetterTargetArn: arn('dead'), maxReceiveCount: 2 } });
    const dead = queues.create(definition('dead'));
    queue.send({ body: 'poison' });
    const poller = async (): Promise<void> => {
      const messages = await queue.receive({ max: 1, waitMs: 10_000 });
      if (messages.length > 0) await poller();
    };
    const polling = poller();
    await vi.advanceTimersByTimeAsync(12_000);
    await polling;
    expect(queue.counts()).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
    const [message] = await dead.receive({ max: 1 });
    expect(message?.systemAttributes).toMatchObject({
      ApproximateReceiveCount: '3',
      DeadLetterQueueSourceArn: queue.arn,
    });
    expect(queues.deadLetterQueues()).toEqual([dead]);
  });

  it('redrives to the source with the receive count at nought', async () => {
    const queue = make({ redrive: { deadLetterTargetArn: arn('dead'), maxReceiveCount: 1 }, visibilityTimeout: 1 });
    const dead = queues.create(definition('dead'));
    for (const body of ['a', 'b']) queue.send({ body });
    await queue.receive({ max: 10 });
    await vi.advanceTimersByTimeAsync(1_100);
    expect(await bodies(queue)).toEqual([]);
    expect(dead.peek().map(({ body }) => body)).toEqual(['a', 'b']);
    expect(queues.redrive(dead.arn)).toEqual({ moved: 2, kept: 0 });
    const [message] = await queue.receive({ max: 1 });
    expect(message?.systemAttributes.ApproximateReceiveCount).toBe('1');
    expect(queues.redrive(dead.arn)).toEqual({ moved: 0, kept: 0 });
  });

  it('keeps in the dead-letter queue what has no known source', () => {
    const dead = queues.create(definition('dead'));
    dead.send({ body: 'stray' });
    expect(queues.redrive(dead.arn)).toEqual({ moved: 0, kept: 1 });
    expect(dead.counts().visible).toBe(1);
    expect(() => queues.redrive(arn('none'))).toThrow(expect.objectContaining({ code: 'queue-unknown' }));
  });

  it('forgets a message after the retention period', async () => {
    const queue = make({ retentionSeconds: 60 });
    queue.send({ body: 'old' });
    await vi.advanceTimersByTimeAsync(61_000);
    expect(await bodies(queue)).toEqual([]);
  });

  describe('of type FIFO', () => {
    const fifo = (): LocalQueue =>
      queues.create(definition('work.fifo', { fifo: true, contentBasedDeduplication: true, visibilityTimeout: 5 }));

    it('keeps the order within a group and locks the group while a message is in flight', async () => {
      const queue = fifo();
      for (const [body, groupId] of [
        ['a1', 'a'],
        ['a2', 'a'],
        ['b1', 'b'],
        ['a3', 'a'],
      ] as const) {
        queue.send({ body, groupId });
      }
      const got = await queue.receive({ max: 2 });
      expect(got.map(({ body }) => body)).toEqual(['a1', 'a2']);
      expect(await bodies(queue)).toEqual(['b1']);
      queue.delete(got[0]?.receiptHandle ?? '');
      expect(await bodies(queue)).toEqual([]);
      queue.delete(got[1]?.receiptHandle ?? '');
      expect(await bodies(queue)).toEqual(['a3']);
    });

    it('puts a returned message back in its place', async () => {
      const queue = fifo();
      for (const body of ['1', '2', '3']) queue.send({ body, groupId: 'g' });
      await queue.receive({ max: 2 });
      await vi.advanceTimersByTimeAsync(5_100);
      expect(await bodies(queue)).toEqual(['1', '2', '3']);
    });

    it('answers a repeated message within five minutes without keeping it', async () => {
      const queue = fifo();
      const first = queue.send({ body: 'same', groupId: 'g' });
      expect(queue.send({ body: 'same', groupId: 'g' })).toEqual(first);
      expect(queue.counts().visible).toBe(1);
      await vi.advanceTimersByTimeAsync(5 * 60_000 + 1);
      expect(queue.send({ body: 'same', groupId: 'g' }).messageId).not.toBe(first.messageId);
    });
  });
});
