import { z } from 'zod';
import type { CompiledPattern } from '../../../lib/events/pattern.ts';
import { md5 } from '../services/sqs/checksums.ts';
import type { MessageAttribute, ReceivedMessage } from '../services/sqs/model.ts';
import type { LocalQueue } from '../services/sqs/queue.ts';
import type { EventSourceDefinition } from '../template/backends.ts';
import type { Outcome } from './model.ts';

export type RetryDelay = number | ((receiveCount: number) => number);

export interface PollerOptions {
  readonly source: EventSourceDefinition;
  readonly queue: LocalQueue;
  readonly invoke: (event: unknown) => Promise<Outcome>;
  /** The most batches at once. */
  readonly concurrency: number;
  readonly filters: readonly CompiledPattern[];
  /**
   * Seconds until a message that failed is tried again, by how often it was received; undefined is as on AWS, where it
   * waits for the queue's visibility timeout to pass.
   */
  readonly retryAfterSeconds?: RetryDelay | undefined;
}

/** Lambda takes at most 6 MB of payload; the rest of a batch goes into the next invocation. */
const MAX_PAYLOAD_BYTES = 5_500_000;

/** The event source mapping of a queue: takes batches while there is a free slot and deletes what succeeded. */
export class SqsPoller {
  readonly #options: PollerOptions;
  #running = 0;
  #stopped = false;
  #waiting: (() => void)[] = [];
  #loop: Promise<void> | undefined;

  constructor(options: PollerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop ??= this.#poll();
  }

  /** Takes no more messages, and waits for the batches that run. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake();
    while (this.#running > 0) await this.#slotFreed();
  }

  async #poll(): Promise<void> {
    const { queue, source, concurrency } = this.#options;
    while (!this.#stopped) {
      if (this.#running >= concurrency) {
        await this.#slotFreed();
        continue;
      }
      const messages = await queue.receive({ max: source.batchSize, waitMs: 20_000 });
      // A closed queue answers at once with nothing, for ever.
      if (messages.length === 0) await new Promise(setImmediate);
      else if (this.#stopped) for (const { receiptHandle } of messages) queue.changeVisibility(receiptHandle, 0);
      else void this.#run(await this.#fill(messages));
    }
  }

  #slotFreed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Waits out the batching window for a fuller batch. */
  async #fill(messages: ReceivedMessage[]): Promise<ReceivedMessage[]> {
    const { queue, source } = this.#options;
    const until = Date.now() + source.batchWindowSeconds * 1000;
    while (messages.length < source.batchSize && Date.now() < until && !this.#stopped) {
      const max = source.batchSize - messages.length;
      messages.push(...(await queue.receive({ max, waitMs: until - Date.now() })));
    }
    return messages;
  }

  async #run(messages: readonly ReceivedMessage[]): Promise<void> {
    this.#running++;
    try {
      for (const batch of bySize(messages.filter((message) => this.#wanted(message)))) await this.#invoke(batch);
    } finally {
      this.#running--;
      this.#wake();
    }
  }

  /** A message that no filter matches is deleted unread, as Lambda's poller does. */
  #wanted(message: ReceivedMessage): boolean {
    const { filters, queue } = this.#options;
    if (filters.length === 0) return true;
    const record = { ...this.#record(message), body: parseOrText(message.body) };
    if (filters.some((filter) => filter.matches(record))) return true;
    queue.delete(message.receiptHandle);
    return false;
  }

  async #invoke(batch: readonly ReceivedMessage[]): Promise<void> {
    const { queue, invoke, source, retryAfterSeconds } = this.#options;
    const outcome = await invoke({ Records: batch.map((message) => this.#record(message)) });
    const failed = failedMessages(batch, outcome, source.reportsItemFailures);
    for (const { messageId, receiptHandle, systemAttributes } of batch) {
      if (!failed.has(messageId)) queue.delete(receiptHandle);
      else if (typeof retryAfterSeconds === 'number') queue.changeVisibility(receiptHandle, retryAfterSeconds);
      else if (retryAfterSeconds !== undefined) {
        queue.changeVisibility(receiptHandle, retryAfterSeconds(Number(systemAttributes.ApproximateReceiveCount)));
      }
    }
  }

  #record(message: ReceivedMessage): Record<string, unknown> {
    const { queue } = this.#options;
    return {
      messageId: message.messageId,
      receiptHandle: message.receiptHandle,
      body: message.body,
      attributes: message.systemAttributes,
      messageAttributes: Object.fromEntries(
        Object.entries(message.attributes).map(([name, attribute]) => [name, recordAttribute(attribute)]),
      ),
      md5OfBody: md5(message.body),
      eventSource: 'aws:sqs',
      eventSourceARN: queue.arn,
      awsRegion: queue.definition.region,
    };
  }
}

const recordAttribute = ({ DataType, StringValue, BinaryValue }: MessageAttribute): Record<string, unknown> => ({
  ...(StringValue === undefined ? {} : { stringValue: StringValue }),
  ...(BinaryValue === undefined ? {} : { binaryValue: BinaryValue }),
  stringListValues: [],
  binaryListValues: [],
  dataType: DataType,
});

function parseOrText(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

function* bySize(messages: readonly ReceivedMessage[]): Iterable<readonly ReceivedMessage[]> {
  let batch: ReceivedMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = Buffer.byteLength(message.body);
    if (batch.length > 0 && bytes + size > MAX_PAYLOAD_BYTES) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(message);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

const response = z
  .object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string().min(1) })).nullish() })
  .nullish();

/**
 * The messages that go back to the queue. A response that is no batch response, or names a message that was not in the
 * batch, fails the whole batch ("Implementing partial batch responses").
 */
function failedMessages(
  batch: readonly ReceivedMessage[],
  outcome: Outcome,
  reportsItemFailures: boolean,
): ReadonlySet<string> {
  const all = new Set(batch.map(({ messageId }) => messageId));
  if (outcome.kind === 'error') return all;
  if (!reportsItemFailures) return new Set();
  const parsed = response.safeParse(parseOrText(outcome.payload));
  // Whatever is no object at all counts as success; an object of another shape does not.
  if (!parsed.success) return /^\s*\{/.test(outcome.payload) ? all : new Set();
  const failed = new Set((parsed.data?.batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier));
  return [...failed].every((id) => all.has(id)) ? failed : all;
}
