import type { ReceivedMessage } from './model.ts';

interface Waiter {
  readonly max: number;
  readonly visibilityTimeout: number | undefined;
  readonly resolve: (messages: ReceivedMessage[]) => void;
  readonly timer: NodeJS.Timeout;
}

type Take = (max: number, visibilityTimeout: number | undefined) => ReceivedMessage[];

/** The receives that wait for a message (long polling), served in the order they came. */
export class Waiters {
  readonly #waiting: Waiter[] = [];
  readonly #take: Take;
  #waking = false;

  constructor(take: Take) {
    this.#take = take;
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** Resolves with messages when there are some, or with none after `waitMs`. */
  add(max: number, visibilityTimeout: number | undefined, waitMs: number): Promise<ReceivedMessage[]> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#release(waiter, []), waitMs);
      const waiter: Waiter = { max, visibilityTimeout, resolve, timer };
      this.#waiting.push(waiter);
    });
  }

  /** Serves them at the end of this turn of the event loop, so that a burst of sends makes one batch. */
  wake(): void {
    if (this.#waking || this.#waiting.length === 0) return;
    this.#waking = true;
    setImmediate(() => {
      this.#waking = false;
      for (let waiter = this.#waiting[0]; waiter !== undefined; waiter = this.#waiting[0]) {
        const messages = this.#take(waiter.max, waiter.visibilityTimeout);
        if (messages.length === 0) return;
        this.#release(waiter, messages);
      }
    });
  }

  close(): void {
    for (const waiter of [...this.#waiting]) this.#release(waiter, []);
  }

  #release(waiter: Waiter, messages: ReceivedMessage[]): void {
    const at = this.#waiting.indexOf(waiter);
    if (at < 0) return;
    this.#waiting.splice(at, 1);
    clearTimeout(waiter.timer);
    waiter.resolve(messages);
  }
}
