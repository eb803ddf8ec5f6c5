import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AccessControl } from '../../../../infra/local/facade/iam/access-control.ts';
import { checkServiceRights } from '../../../../infra/local/stack/service-rights.ts';
import { type FunctionBench, functionArn, functionBench } from '../support/functions.ts';

const QUEUE = 'arn:aws:sqs:eu-central-1:111122223333:work';

describe('what AWS does with the role of a function', () => {
  let bench: FunctionBench;
  let access: AccessControl;
  beforeEach(async () => {
    bench = await functionBench();
    access = new AccessControl();
    access.addRole({ name: 'Test-Role', arn: 'arn:role', managedPolicyArns: [] });
  });
  afterEach(() => bench.close());
  const grant = (Action: string[], Resource: string): void =>
    access.addPolicy({
      name: 'p',
      roleNames: ['Test-Role'],
      document: { Statement: [{ Effect: 'Allow', Action, Resource }] },
    });
  const add = (): Promise<string> =>
    bench.add('fn', 'export const handler = 1;', { traced: true, deadLetterArn: QUEUE, logGroup: '/aws/lambda/fn' });
  const listen = (): void =>
    bench.functions.createEventSource({
      queueArn: QUEUE,
      functionArn: functionArn('fn'),
      enabled: true,
      batchSize: 1,
      batchWindowSeconds: 0,
      maximumConcurrency: undefined,
      reportsItemFailures: true,
      filters: [],
    });

  it('is denied and told where it is not granted', async () => {
    await add();
    checkServiceRights(access, bench.functions, new Date(0));
    expect(access.deniedCalls.map(({ action }) => action)).toEqual([
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'xray:PutTraceSegments',
      'xray:PutTelemetryRecords',
      'sqs:SendMessage',
    ]);
  });

  it('is use of the grant where it is', async () => {
    await add();
    listen();
    grant(
      ['logs:CreateLogStream', 'logs:PutLogEvents'],
      'arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/fn:*',
    );
    grant(['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], '*');
    grant(['sqs:SendMessage', 'sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], QUEUE);
    checkServiceRights(access, bench.functions, new Date(0));
    expect(access.deniedCalls).toEqual([]);
    expect(access.unusedGrants()).toEqual([]);
  });

  it('keeps an event source from being made where it is not granted', async () => {
    await add();
    listen();
    grant(['sqs:ReceiveMessage'], QUEUE);
    expect(() => checkServiceRights(access, bench.functions, new Date(0))).toThrow(
      expect.objectContaining({ code: 'permission-missing', message: expect.stringContaining('sqs:DeleteMessage') }),
    );
  });
});
