import { z } from 'zod';
import { QUEUE_DEFAULTS } from '../../services/sqs/model.ts';
import type { QueueBackend } from '../backends.ts';
import type { ResourceHandler } from '../provision.ts';
import { arnOf, flag, integer, nameOf, withoutBackend } from './common.ts';

const queue = z.object({
  QueueName: z.string().optional(),
  VisibilityTimeout: integer.min(0).max(43_200).optional(),
  DelaySeconds: integer.min(0).max(900).optional(),
  MessageRetentionPeriod: integer.min(60).max(1_209_600).optional(),
  ReceiveMessageWaitTimeSeconds: integer.min(0).max(20).optional(),
  MaximumMessageSize: integer.min(1024).max(1_048_576).optional(),
  FifoQueue: flag.optional(),
  ContentBasedDeduplication: flag.optional(),
  RedrivePolicy: z.object({ deadLetterTargetArn: z.string(), maxReceiveCount: integer.min(1).max(1000) }).optional(),
});

/** AWS::SQS::Queue */
export function queueHandler(backend: QueueBackend | undefined): ResourceHandler {
  return (request) => {
    const properties = request.parse(queue);
    const { region, accountId } = request.stack;
    const fifo = properties.FifoQueue ?? false;
    const name =
      properties.QueueName ?? nameOf(request, undefined, { maxLength: fifo ? 75 : 80 }) + (fifo ? '.fifo' : '');
    const result = { ref: name, attributes: { Arn: arnOf(request, 'sqs', name), QueueName: name, QueueUrl: name } };
    if (backend === undefined) return withoutBackend(result, 'sqs');
    const { arn, url } = backend.create({
      name,
      region,
      accountId,
      visibilityTimeout: properties.VisibilityTimeout ?? QUEUE_DEFAULTS.visibilityTimeout,
      delaySeconds: properties.DelaySeconds ?? QUEUE_DEFAULTS.delaySeconds,
      retentionSeconds: properties.MessageRetentionPeriod ?? QUEUE_DEFAULTS.retentionSeconds,
      receiveWaitSeconds: properties.ReceiveMessageWaitTimeSeconds ?? QUEUE_DEFAULTS.receiveWaitSeconds,
      maximumMessageSize: properties.MaximumMessageSize ?? QUEUE_DEFAULTS.maximumMessageSize,
      fifo,
      contentBasedDeduplication: properties.ContentBasedDeduplication ?? false,
      ...(properties.RedrivePolicy === undefined ? {} : { redrive: properties.RedrivePolicy }),
    });
    return { ref: url, attributes: { Arn: arn, QueueName: name, QueueUrl: url } };
  };
}
