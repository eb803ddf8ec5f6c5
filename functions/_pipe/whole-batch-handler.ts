import middy from '@middy/core';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { logger } from '../../lib/aws/telemetry.ts';
import { describeError } from '../../lib/core/errors.ts';
import { parseJsonStrict } from '../../lib/core/json.ts';
import { type EventBridgeEvent, parseEnvelope } from '../../lib/events/index.ts';
import { retrySooner } from './retry-sooner.ts';

/**
 * For a function that takes the messages of a batch together, because one write can hold them all. A message that
 * cannot be read goes back alone; when the work fails, all that were part of it go back.
 */
export function wholeBatchHandler(
  handle: (events: readonly EventBridgeEvent[]) => Promise<void>,
): (event: SQSEvent, context: Context) => Promise<SQSBatchResponse> {
  return middy<SQSEvent, SQSBatchResponse, Error, Context>()
    .use(retrySooner())
    .handler(async ({ Records }) => {
      const failed: string[] = [];
      const read: { readonly id: string; readonly envelope: EventBridgeEvent }[] = [];
      for (const { messageId, body } of Records) {
        try {
          read.push({
            id: messageId,
            envelope: parseEnvelope(parseJsonStrict(body, { what: `message ${messageId}` })),
          });
        } catch (error) {
          logger.error(describeError(error), error as Error);
          failed.push(messageId);
        }
      }
      try {
        if (read.length > 0) await handle(read.map(({ envelope }) => envelope));
      } catch (error) {
        logger.error(`${read.length} messages go back: ${describeError(error)}`, error as Error);
        failed.push(...read.map(({ id }) => id));
      }
      return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
    }) as (event: SQSEvent, context: Context) => Promise<SQSBatchResponse>;
}
