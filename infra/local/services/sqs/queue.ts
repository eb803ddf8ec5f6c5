import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../../lib/core/clock.ts';
import { Deadlines } from './deadlines.ts';
import { Deduplication, deduplicationId } from './deduplication.ts';
import type { OutgoingMessage, QueueCounts, QueueDefinition, ReceivedMessage, SentMessage } from './model.ts';
import { type StoredMessage, sequenceNumber, systemAttributes } from './stored-message.ts';
import { Waiters } from './waiters.ts';

interface InFlight {
  readonly message: StoredMessage;
  visibleAt: number;
}

type Due = { readonly kind: 'visible'; readonly receipt: string } | { readonly kind: 'delayed'; readonly id: string };

/**
 * One queue with the semantics of SQS, in memory: visibility timeout, delay, long polling, retention, dead-letter
 * redrive by receive count, and (FIFO) order and locking per message group with content deduplication.
 *
 * Nothing polls: a waiting receive is woken by the send, and one timer stands at the next visibility or delay deadline.
 */
export class LocalQueue {
  readonly definition: QueueDefinition;
  readonly arn: string;
  readonly url: string;
  readonly #clock: Clock;
  readonly #deadLetter: (arn: string) => LocalQueue | undefined;
  readonly #onChange: () => void;
  #ready: StoredMessage[] = [];
  readonly #inFlight = new Map<string, InFlight>();
  readonly #delayed = new Map<string, { readonly message: StoredMessage; readonly readyAt: number }>();
  readonly #groupsInFlight = new Map<string, number>();
  readonly #deduplication = new Deduplication();
  readonly #due = new Deadlines<Due>();
  readonly #waiters = new Waiters((max, visibilityTimeout) => this.#take(max, visibilityTimeout));
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #sequence = 0;
  #closed = false;

  constructor(options: {
    readonly definition: QueueDefinition;
    readonly url: string;
    readonly clock: Clock;
    readonly deadLetter: (arn: string) => LocalQueue | undefined;
    readonly onChange?: () => void;
  }) {
    this.definition = options.definition;
    const { region, accountId, name } = options.definition;
    this.arn = `arn:aws:sqs:${region}:${accountId}:${name}`;
    this.url = options.url;
    this.#clock = options.clock;
    this.#deadLetter = options.deadLetter;
    this.#onChange = options.onChange ?? (() => {});
  }

  send(message: OutgoingMessage): SentMessage {
    const now = this.#now();
    const id = deduplicationId(this.definition, message);
    const known = this.#deduplication.known(id, now);
    if (known !== undefined) return known;
    const sequence = ++this.#sequence;
    const stored: StoredMessage = {
      messageId: randomUUID(),
      body: message.body,
      attributes: message.attributes ?? {},
      sentAt: now,
      sequence,
      groupId: message.groupId,
      deduplicationId: id,
      deadLetterSourceArn: undefined,
      receiveCount: 0,
      firstReceivedAt: undefined,
      lastReceipt: undefined,
    };
    const sent: SentMessage = {
      messageId: stored.messageId,
      ...(this.definition.fifo ? { sequenceNumber: sequenceNumber(sequence) } : {}),
    };
    this.#deduplication.remember(id, sent, now);
    this.#put(stored, message.delaySeconds ?? this.definition.delaySeconds);
    return sent;
  }

  /** Takes a message that another queue gave up after its last allowed receive. */
  accept(message: StoredMessage, sourceArn: string): void {
    this.#put({ ...message, sequence: ++this.#sequence, deadLetterSourceArn: sourceArn }, 0);
  }

  /** Puts back what a redrive drained and could not move. */
  restore(message: StoredMessage): void {
    this.#makeReady(message);
  }

  /** Up to `max` messages; with none there, waits up to `waitMs` for the first. */
  receive(options: {
    readonly max: number;
    readonly waitMs?: number;
    readonly visibilityTimeout?: number | undefined;
  }): Promise<ReceivedMessage[]> {
    this.#expire();
    const { max, waitMs = 0, visibilityTimeout } = options;
    const messages = this.#waiters.size === 0 ? this.#take(max, visibilityTimeout) : [];
    if (messages.length > 0 || waitMs <= 0 || this.#closed) return Promise.resolve(messages);
    return this.#waiters.add(max, visibilityTimeout, waitMs);
  }

  /** False when the receipt is not (or no longer) that of a message in flight. */
  delete(receiptHandle: string): boolean {
    const entry = this.#inFlight.get(receiptHandle);
    if (entry === undefined) return this.#deleteLate(receiptHandle);
    this.#inFlight.delete(receiptHandle);
    this.#unlock(entry.message);
    this.#onChange();
    return true;
  }

  /** A standard queue still takes the latest receipt of a message whose visibility timeout has passed. */
  #deleteLate(receiptHandle: string): boolean {
    if (this.definition.fifo) return false;
    const at = this.#ready.findIndex((message) => message.lastReceipt === receiptHandle);
    if (at < 0) return false;
    this.#ready.splice(at, 1);
    this.#onChange();
    return true;
  }

  /** Sets the visibility timeout anew, from now; 0 gives the message back. False when it is not in flight. */
  changeVisibility(receiptHandle: string, seconds: number): boolean {
    const entry = this.#inFlight.get(receiptHandle);
    if (entry === undefined) return false;
    entry.visibleAt = this.#now() + seconds * 1000;
    this.#due.add(entry.visibleAt, { kind: 'visible', receipt: receiptHandle });
    if (seconds === 0) this.#expire();
    else this.#schedule();
    return true;
  }

  counts(): QueueCounts {
    this.#expire();
    return { visible: this.#ready.length, inFlight: this.#inFlight.size, delayed: this.#delayed.size };
  }

  /** The messages that wait, oldest first, without receiving them. */
  peek(limit = 100): readonly StoredMessage[] {
    this.#expire();
    return this.#ready.slice(0, limit);
  }

  /** Takes out the messages that wait, as a redrive does; those in flight stay. */
  drain(limit = Number.POSITIVE_INFINITY): StoredMessage[] {
    this.#expire();
    const drained = this.#ready.splice(0, limit);
    if (drained.length > 0) this.#onChange();
    return drained;
  }

  purge(): void {
    this.#ready = [];
    this.#inFlight.clear();
    this.#delayed.clear();
    this.#groupsInFlight.clear();
    this.#due.clear();
    this.#onChange();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#waiters.close();
  }

  #now(): number {
    return this.#clock.now().getTime();
  }

  #put(message: StoredMessage, delaySeconds: number): void {
    if (delaySeconds > 0) {
      const readyAt = this.#now() + delaySeconds * 1000;
      this.#delayed.set(message.messageId, { message, readyAt });
      this.#due.add(readyAt, { kind: 'delayed', id: message.messageId });
      this.#schedule();
    } else {
      this.#makeReady(message);
    }
    this.#onChange();
  }

  #makeReady(message: StoredMessage): void {
    // A FIFO message goes back to its place; a standard queue promises no order.
    let at = this.#ready.length;
    if (this.definition.fifo) while (at > 0 && (this.#ready[at - 1]?.sequence ?? 0) > message.sequence) at--;
    this.#ready.splice(at, 0, message);
    this.#waiters.wake();
  }

  #take(max: number, visibilityTimeout: number | undefined): ReceivedMessage[] {
    const taken: ReceivedMessage[] = [];
    if (this.#ready.length === 0) return taken;
    const kept: StoredMessage[] = [];
    const lockedBefore = this.definition.fifo ? new Set(this.#groupsInFlight.keys()) : undefined;
    let index = 0;
    for (; index < this.#ready.length && taken.length < max; index++) {
      const message = this.#ready[index] as StoredMessage;
      if (this.#isExpired(message)) continue;
      if (message.groupId !== undefined && lockedBefore?.has(message.groupId)) kept.push(message);
      else if (!this.#giveUp(message)) taken.push(this.#deliver(message, visibilityTimeout));
    }
    this.#ready.splice(0, index, ...kept);
    if (taken.length > 0) this.#schedule();
    this.#onChange();
    return taken;
  }

  #isExpired(message: StoredMessage): boolean {
    return message.sentAt + this.definition.retentionSeconds * 1000 <= this.#now();
  }

  #giveUp(message: StoredMessage): boolean {
    const { redrive } = this.definition;
    if (redrive === undefined || message.receiveCount < redrive.maxReceiveCount) return false;
    const target = this.#deadLetter(redrive.deadLetterTargetArn);
    if (target === undefined) return false;
    target.accept(message, this.arn);
    return true;
  }

  #deliver(message: StoredMessage, visibilityTimeout = this.definition.visibilityTimeout): ReceivedMessage {
    const now = this.#now();
    message.receiveCount++;
    message.firstReceivedAt ??= now;
    const receiptHandle = randomUUID();
    message.lastReceipt = receiptHandle;
    const visibleAt = now + visibilityTimeout * 1000;
    this.#inFlight.set(receiptHandle, { message, visibleAt });
    this.#due.add(visibleAt, { kind: 'visible', receipt: receiptHandle });
    if (message.groupId !== undefined) {
      this.#groupsInFlight.set(message.groupId, (this.#groupsInFlight.get(message.groupId) ?? 0) + 1);
    }
    return {
      messageId: message.messageId,
      receiptHandle,
      body: message.body,
      attributes: message.attributes,
      systemAttributes: systemAttributes(this.definition, message),
    };
  }

  #unlock(message: StoredMessage): void {
    if (message.groupId === undefined) return;
    const left = (this.#groupsInFlight.get(message.groupId) ?? 1) - 1;
    if (left > 0) this.#groupsInFlight.set(message.groupId, left);
    else this.#groupsInFlight.delete(message.groupId);
    if (this.#ready.length > 0) this.#waiters.wake();
  }

  /** Makes visible again, or ready, what has fallen due. */
  #expire(): void {
    const now = this.#now();
    for (let due = this.#due.takeDue(now); due !== undefined; due = this.#due.takeDue(now)) {
      if (due.kind === 'delayed') {
        const delayed = this.#delayed.get(due.id);
        this.#delayed.delete(due.id);
        if (delayed !== undefined) this.#makeReady(delayed.message);
      } else {
        const entry = this.#inFlight.get(due.receipt);
        // The deadline may have been moved since, or the message deleted.
        if (entry === undefined || entry.visibleAt > now) continue;
        this.#inFlight.delete(due.receipt);
        this.#unlock(entry.message);
        this.#makeReady(entry.message);
      }
    }
    this.#schedule();
  }

  #schedule(): void {
    const next = this.#due.next;
    if (next === undefined || next >= this.#timerAt || this.#closed) return;
    clearTimeout(this.#timer);
    this.#timerAt = next;
    // setTimeout may fire a millisecond early; the longest delay that it takes is 2^31-1 ms.
    const delay = Math.min(Math.max(next - this.#now(), 0) + 1, 2 ** 31 - 1);
    this.#timer = setTimeout(() => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.#expire();
      this.#onChange();
    }, delay);
    this.#timer.unref();
  }
}
