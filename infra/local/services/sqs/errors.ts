import { LadingError } from '../../../../lib/core/errors.ts';
import type { ServiceResponse } from '../service.ts';

const LEGACY_CODES: Readonly<Record<string, string>> = {
  QueueDoesNotExist: 'AWS.SimpleQueueService.NonExistentQueue',
  EmptyBatchRequest: 'AWS.SimpleQueueService.EmptyBatchRequest',
  TooManyEntriesInBatchRequest: 'AWS.SimpleQueueService.TooManyEntriesInBatchRequest',
  BatchEntryIdsNotDistinct: 'AWS.SimpleQueueService.BatchEntryIdsNotDistinct',
  InvalidBatchEntryId: 'AWS.SimpleQueueService.InvalidBatchEntryId',
  BatchRequestTooLong: 'AWS.SimpleQueueService.BatchRequestTooLong',
};

/** A refusal that the caller sees, named as in the SQS API reference. */
export class SqsError extends LadingError {
  override readonly name = 'SqsError';

  constructor(code: string, message: string) {
    super(code, message);
  }
}

export const invalidValue = (message: string): SqsError => new SqsError('InvalidParameterValue', message);

/** In the shape of the AWS JSON 1.0 protocol, with the header that carries the older query-protocol code. */
export function sqsErrorResponse(error: SqsError): ServiceResponse {
  return {
    status: 400,
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amzn-query-error': `${LEGACY_CODES[error.code] ?? error.code};Sender`,
    },
    body: JSON.stringify({ __type: `com.amazonaws.sqs#${error.code}`, message: error.message }),
  };
}
