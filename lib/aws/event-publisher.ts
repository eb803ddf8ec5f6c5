import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { LadingError } from '../core/errors.ts';
import type { EventPublisher, LadingEvent } from '../events/index.ts';

/** PutEvents takes at most 10 entries (EventBridge quotas). */
const BATCH = 10;

/** Publishes to the named bus; entries that EventBridge refuses for now are sent again, the rest is an error. */
export function eventBridgePublisher(client: EventBridgeClient, busName: string): EventPublisher {
  const send = async (events: readonly LadingEvent[]): Promise<readonly LadingEvent[]> => {
    const result = await client.send(
      new PutEventsCommand({
        Entries: events.map((event) => ({
          EventBusName: busName,
          Source: event.source,
          DetailType: event.detailType,
          Detail: JSON.stringify(event.detail),
          Time: new Date(event.detail.metadata.occurredAt),
        })),
      }),
    );
    return events.filter((_event, index) => result.Entries?.[index]?.ErrorCode !== undefined);
  };
  return {
    async publish(events) {
      for (let start = 0; start < events.length; start += BATCH) {
        let left: readonly LadingEvent[] = events.slice(start, start + BATCH);
        for (let attempt = 0; left.length > 0; attempt++) {
          if (attempt === 3) {
            throw new LadingError('publish-failed', `${left.length} events were refused by the bus ${busName}`, {
              retryable: true,
            });
          }
          left = await send(left);
        }
      }
    },
  };
}
