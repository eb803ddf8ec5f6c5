import { ChangeMessageVisibilityBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { secondsUntilRetry } from '../../functions/_pipe/retry-sooner.ts';
import { comeAgainAfter, queueUrlOf } from '../../lib/aws/queues.ts';

describe('the retry of failed messages', () => {
  it('comes soon at first, then ever later, within what SQS and the dead-letter limit allow', () => {
    const waits = Array.from({ length: 10 }, (_, i) => secondsUntilRetry(i + 1));
    expect(waits).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
    // Ten receives span three quarters of an hour: a registry's bad moment makes no dead letters.
    expect(waits.slice(0, 9).reduce((sum, n) => sum + n, 0)).toBeGreaterThan(2_000);
  });

  it('names the queue by its address', () => {
    expect(queueUrlOf('arn:aws:sqs:eu-central-1:123456789012:lading-notify')).toBe(
      'https://sqs.eu-central-1.amazonaws.com/123456789012/lading-notify',
    );
    expect(queueUrlOf('arn:aws-cn:sqs:cn-north-1:1:q')).toBe('https://sqs.cn-north-1.amazonaws.com.cn/1/q');
  });

  it('is one call for all messages of the batch', async () => {
    const sent: unknown[] = [];
    const client = { send: async (command: unknown) => void sent.push(command) } as unknown as SQSClient;
    await comeAgainAfter(client, 'https://queue', [
      { receiptHandle: 'a', seconds: 5 },
      { receiptHandle: 'b', seconds: 10 },
    ]);
    expect(sent).toHaveLength(1);
    expect(sent[0]).toBeInstanceOf(ChangeMessageVisibilityBatchCommand);
    expect((sent[0] as ChangeMessageVisibilityBatchCommand).input.Entries).toMatchObject([
      { ReceiptHandle: 'a', VisibilityTimeout: 5 },
      { ReceiptHandle: 'b', VisibilityTimeout: 10 },
    ]);
  });
});
