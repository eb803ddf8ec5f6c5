import { randomUUID } from 'node:crypto';
import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import middy from '@middy/core';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { logger } from '../../lib/aws/telemetry.ts';
import { describeError, isLadingError } from '../../lib/core/errors.ts';
import { parseJsonStrict } from '../../lib/core/json.ts';
import { type EventBridgeEvent, parseEnvelope } from '../../lib/events/index.ts';
import { retrySooner } from './retry-sooner.ts';

/** What a use case needs to know of the delivery that it works on. */
export interface Delivery {
  /** Unique to this attempt: owner of the work lease. */
  readonly owner: string;
  /** How long the attempt can still run, in milliseconds. */
  readonly leaseMs: number;
}

/** The attribute of a message that comes with the lease of its work. Rules of EventBridge set none. */
export const LEASE_OWNER = 'leaseOwner';

/** A lease outlives the function by this, so that a clock that differs a little never frees it too early. */
const LEASE_MARGIN_MS = 2_000;

/**
 * The stack of every function that is fed by a queue: each message is one EventBridge event; a message that fails
 * goes back alone (partial batch response), and ends in the dead-letter queue when it fails too often.
 */
export function eventsHandler(
  handle: (event: EventBridgeEvent, delivery: Delivery) => Promise<void>,
): (event: SQSEvent, context: Context) => Promise<SQSBatchResponse> {
  const processor = new BatchProcessor(EventType.SQS, { logger });
  const processRecord = async (record: SQSRecord, context?: Context): Promise<void> => {
    const envelope = parseEnvelope(parseJsonStrict(record.body, { what: `message ${record.messageId}` }));
    const leaseMs = (context?.getRemainingTimeInMillis() ?? 60_000) + LEASE_MARGIN_MS;
    try {
      const owner = record.messageAttributes?.[LEASE_OWNER]?.stringValue ?? randomUUID();
      await handle(envelope, { owner, leaseMs });
    } catch (error) {
      const held = isLadingError(error, 'work-held') || isLadingError(error, 'work-handed-over');
      logger[held ? 'info' : 'error'](`${envelope['detail-type']}: ${describeError(error)}`, {
        eventId: envelope.id,
        error: error as Error,
      });
      throw error;
    }
  };
  return middy<SQSEvent, SQSBatchResponse, Error, Context>()
    .use(retrySooner())
    .handler((event, context) =>
      processPartialResponse(event, processRecord, processor, {
        context,
        // A whole batch that fails is reported item by item too: throwing would hide which messages they were.
        throwOnFullBatchFailure: false,
      }),
    ) as (event: SQSEvent, context: Context) => Promise<SQSBatchResponse>;
}
