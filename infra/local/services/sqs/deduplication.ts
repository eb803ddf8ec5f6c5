import { createHash } from 'node:crypto';
import type { OutgoingMessage, QueueDefinition, SentMessage } from './model.ts';

// "Exactly-once processing in Amazon SQS": the deduplication interval is five minutes.
const INTERVAL_MS = 5 * 60_000;

/** What a FIFO queue has been sent of late, so that the same message within five minutes is answered and not kept. */
export class Deduplication {
  readonly #sent = new Map<string, { readonly until: number; readonly sent: SentMessage }>();

  known(id: string | undefined, now: number): SentMessage | undefined {
    const found = id === undefined ? undefined : this.#sent.get(id);
    return found !== undefined && found.until > now ? found.sent : undefined;
  }

  remember(id: string | undefined, sent: SentMessage, now: number): void {
    if (id === undefined) return;
    for (const [old, { until }] of this.#sent) {
      if (until > now) break; // insertion order is order of expiry
      this.#sent.delete(old);
    }
    this.#sent.delete(id);
    this.#sent.set(id, { until: now + INTERVAL_MS, sent });
  }
}

/** `undefined` on a standard queue, or where neither the message nor the queue names an id. */
export function deduplicationId(definition: QueueDefinition, message: OutgoingMessage): string | undefined {
  if (!definition.fifo) return undefined;
  if (message.deduplicationId !== undefined) return message.deduplicationId;
  if (!definition.contentBasedDeduplication) return undefined;
  return createHash('sha256').update(message.body).digest('hex');
}
