import { randomUUID } from 'node:crypto';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { readEnvironment, requireEnvironment } from '../../lib/aws/environment.ts';
import { logger } from '../../lib/aws/telemetry.ts';
import { describeError } from '../../lib/core/errors.ts';
import { LEASE_OWNER } from './events-handler.ts';

/** Variables that a task is started with: an event as a queue would bring it, who holds the lease, and its time. */
export const TASK_EVENT = 'LADING_TASK_EVENT';
export const TASK_LEASE_OWNER = 'LADING_TASK_LEASE_OWNER';
const TASK_SECONDS = 'LADING_TASK_SECONDS';
const DEFAULT_SECONDS = 3_600;

/**
 * What a container task runs instead of the Lambda service: the handler of a function on one message, which is the
 * event of the task's variables. The process ends with 0 where the message is done with.
 */
export const runAsTask =
  (handler: (event: SQSEvent, context: Context) => Promise<SQSBatchResponse>) => async (): Promise<void> => {
    const end = Date.now() + Number(readEnvironment(TASK_SECONDS) ?? DEFAULT_SECONDS) * 1000;
    const owner = readEnvironment(TASK_LEASE_OWNER);
    const record = {
      ...{ messageId: randomUUID(), receiptHandle: '', body: requireEnvironment(TASK_EVENT), md5OfBody: '' },
      ...{ eventSource: 'aws:sqs', eventSourceARN: '', awsRegion: readEnvironment('AWS_REGION') ?? '' },
      attributes: {
        ...{ ApproximateReceiveCount: '1', SentTimestamp: String(Date.now()) },
        ...{ SenderId: 'task', ApproximateFirstReceiveTimestamp: String(Date.now()) },
      },
      messageAttributes: owner === undefined ? {} : { [LEASE_OWNER]: { dataType: 'String', stringValue: owner } },
    };
    const context = { getRemainingTimeInMillis: () => Math.max(0, end - Date.now()) } as Context;
    try {
      const { batchItemFailures } = await handler({ Records: [record] }, context);
      process.exitCode = batchItemFailures.length === 0 ? 0 : 1;
    } catch (error) {
      logger.error(`the task failed: ${describeError(error)}`);
      process.exitCode = 1;
    }
  };
