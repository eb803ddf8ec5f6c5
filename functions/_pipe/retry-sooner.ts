import type { MiddlewareObj } from '@middy/core';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { comeAgainAfter, queueClient, queueUrlOf } from '../../lib/aws/queues.ts';
import { logger } from '../../lib/aws/telemetry.ts';
import { describeError } from '../../lib/core/errors.ts';
import { once } from './once.ts';

const FIRST_SECONDS = 5;
const MOST_SECONDS = 900;
/** Entries of one ChangeMessageVisibilityBatch (SQS quotas). */
const BATCH = 10;

const client = once(() => queueClient(undefined));

/** 5 s after the first failure, then twice as long each time, a quarter of an hour at most. */
export const secondsUntilRetry = (receives: number): number =>
  Math.min(MOST_SECONDS, FIRST_SECONDS * 2 ** Math.max(0, receives - 1));

/**
 * Lets failed messages come again soon, then ever later. Without it each waits out the queue's visibility timeout,
 * which must be six times the function's: half an hour for a passing fault of a registry, and as long every time.
 */
export function retrySooner(): MiddlewareObj<SQSEvent, SQSBatchResponse, Error, Context> {
  return {
    async after({ event, response }) {
      const failed = new Set(response?.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
      const records = event.Records.filter(
        // What came from no queue does not go back to one.
        ({ messageId, receiptHandle }) => receiptHandle !== '' && failed.has(messageId),
      );
      for (let start = 0; start < records.length; start += BATCH) {
        const batch = records.slice(start, start + BATCH);
        const messages = batch.map(({ receiptHandle, attributes }) => ({
          receiptHandle,
          seconds: secondsUntilRetry(Number(attributes.ApproximateReceiveCount)),
        }));
        // It only saves time: where it fails, the messages come again by themselves.
        await comeAgainAfter(client(), queueUrlOf(batch[0]?.eventSourceARN ?? ''), messages).catch((error: unknown) =>
          logger.warn(`failed messages come again later than they could: ${describeError(error)}`),
        );
      }
    },
  };
}
