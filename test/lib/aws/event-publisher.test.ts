import type { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { describe, expect, it } from 'vitest';
import { eventBridgePublisher } from '../../../lib/aws/event-publisher.ts';
import type { LadingEvent } from '../../../lib/events/index.ts';

const event = (id: string): LadingEvent => ({
  source: 'lading.test',
  detailType: 'Something Happened',
  detail: {
    metadata: { id, schemaVersion: 1, correlationId: id, causationId: id, occurredAt: '2026-01-01T00:00:00.000Z' },
    data: {},
  },
});

/** A bus that refuses each event as often as it is told. */
function bus(refusals: Record<string, number> = {}) {
  const calls: string[][] = [];
  const client = {
    send: async ({ input }: PutEventsCommand) => {
      const ids = (input.Entries ?? []).map(({ Detail }) => JSON.parse(Detail ?? '').metadata.id as string);
      calls.push(ids);
      return {
        Entries: ids.map((id) => {
          const left = refusals[id] ?? 0;
          refusals[id] = left - 1;
          return left > 0 ? { ErrorCode: 'ThrottlingException' } : { EventId: id };
        }),
      };
    },
  } as unknown as EventBridgeClient;
  return { calls, publisher: eventBridgePublisher(client, 'lading') };
}

describe('publishing to EventBridge', () => {
  it('sends ten at a time, which is all that one call takes', async () => {
    const { calls, publisher } = bus();
    await publisher.publish(Array.from({ length: 23 }, (_, i) => event(String(i))));
    expect(calls.map((ids) => ids.length)).toEqual([10, 10, 3]);
  });

  it('sends again only what was refused', async () => {
    const { calls, publisher } = bus({ b: 1 });
    await publisher.publish(['a', 'b', 'c'].map(event));
    expect(calls).toEqual([['a', 'b', 'c'], ['b']]);
  });

  it('fails, to be tried again as a whole, when the bus keeps refusing', async () => {
    const { publisher } = bus({ a: 99 });
    await expect(publisher.publish([event('a')])).rejects.toMatchObject({ code: 'publish-failed', retryable: true });
  });
});
