import type { Clock } from '../../../../lib/core/clock.ts';
import { LadingError } from '../../../../lib/core/errors.ts';
import type { QueueDefinition } from './model.ts';
import { LocalQueue } from './queue.ts';
import type { StoredMessage } from './stored-message.ts';

/** What a redrive did with the messages of a dead-letter queue. */
export interface RedriveResult {
  readonly moved: number;
  /** Messages whose source queue is not known; they stay where they are. */
  readonly kept: number;
}

/** All queues of all regions. */
export class LocalQueues {
  readonly #queues = new Map<string, LocalQueue>();
  readonly #clock: Clock;
  readonly #endpoint: () => string;
  readonly #listeners = new Set<() => void>();

  constructor(options: { readonly clock: Clock; readonly endpoint: () => string }) {
    this.#clock = options.clock;
    this.#endpoint = options.endpoint;
  }

  /** Makes the queue, or gives the one there is. */
  create(definition: QueueDefinition): LocalQueue {
    const { region, accountId, name } = definition;
    const known = this.#queues.get(`arn:aws:sqs:${region}:${accountId}:${name}`);
    if (known !== undefined) return known;
    const queue = new LocalQueue({
      definition,
      // The region is that of the credential scope, so the address needs only account and name.
      url: `${this.#endpoint()}/${accountId}/${name}`,
      clock: this.#clock,
      deadLetter: (arn) => this.#queues.get(arn),
      onChange: () => {
        for (const listener of this.#listeners) listener();
      },
    });
    this.#queues.set(queue.arn, queue);
    return queue;
  }

  remove(arn: string): void {
    this.#queues.get(arn)?.close();
    this.#queues.delete(arn);
  }

  byArn(arn: string): LocalQueue | undefined {
    return this.#queues.get(arn);
  }

  /** @throws LadingError `queue-unknown` */
  require(arn: string): LocalQueue {
    const queue = this.#queues.get(arn);
    if (queue === undefined) throw new LadingError('queue-unknown', `there is no queue ${arn}`);
    return queue;
  }

  /** By the URL that a caller of that region sends, or by the bare name. */
  byUrl(url: string, region: string): LocalQueue | undefined {
    const [name, accountId] = url
      .replace(/^[a-z]+:\/\/[^/]*/, '')
      .split('/')
      .filter(Boolean)
      .reverse();
    for (const queue of this.#queues.values()) {
      const { definition } = queue;
      if (definition.name !== name || definition.region !== region) continue;
      if (accountId === undefined || accountId === definition.accountId) return queue;
    }
    return undefined;
  }

  all(): readonly LocalQueue[] {
    return [...this.#queues.values()];
  }

  /** The queues whose redrive policy names this one. */
  sourcesOf(deadLetterArn: string): readonly LocalQueue[] {
    return this.all().filter((queue) => queue.definition.redrive?.deadLetterTargetArn === deadLetterArn);
  }

  deadLetterQueues(): readonly LocalQueue[] {
    return this.all().filter((queue) => this.sourcesOf(queue.arn).length > 0);
  }

  /**
   * Moves what waits in a dead-letter queue to its source, or to the destination given, as StartMessageMoveTask does:
   * each arrives as a new message with its receive count at nought.
   *
   * @throws LadingError `queue-unknown`
   */
  redrive(
    deadLetterArn: string,
    options: { readonly destinationArn?: string | undefined; readonly limit?: number } = {},
  ): RedriveResult {
    const queue = this.require(deadLetterArn);
    const destination = options.destinationArn === undefined ? undefined : this.require(options.destinationArn);
    const sources = this.sourcesOf(deadLetterArn);
    const only = sources.length === 1 ? sources[0] : undefined;
    const kept: StoredMessage[] = [];
    let moved = 0;
    for (const message of queue.drain(options.limit)) {
      const source = message.deadLetterSourceArn === undefined ? only : this.byArn(message.deadLetterSourceArn);
      const target = destination ?? source;
      if (target === undefined) {
        kept.push(message);
        continue;
      }
      target.send({
        body: message.body,
        attributes: message.attributes,
        delaySeconds: 0,
        groupId: message.groupId,
        // A new id, or a FIFO source that saw the message minutes ago would drop it.
        deduplicationId: target.definition.fifo ? `redrive-${message.messageId}-${message.sequence}` : undefined,
      });
      moved++;
    }
    for (const message of kept) queue.restore(message);
    return { moved, kept: kept.length };
  }

  /** Called after every send, receive, delete and expiry. Returns what ends the listening. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    for (const queue of this.#queues.values()) queue.close();
  }
}
