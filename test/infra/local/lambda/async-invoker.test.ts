import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AsyncInvoker } from '../../../../infra/local/lambda/async-invoker.ts';
import { type FunctionBench, functionArn, functionBench } from '../support/functions.ts';

describe('asynchronous invocation', () => {
  let bench: FunctionBench;
  let invoker: AsyncInvoker;
  let delivered: { arn: string; body: unknown; attributes: unknown }[];
  beforeEach(async () => {
    delivered = [];
    bench = await functionBench();
    invoker = new AsyncInvoker({
      functions: bench.functions,
      destinations: {
        deliver: (arn, body, attributes) => delivered.push({ arn, body: JSON.parse(body), attributes }),
      },
      retryDelaysMs: [1, 1],
      onChange: () => {},
    });
  });
  afterEach(async () => {
    invoker.close();
    await bench.close();
  });
  const flaky = `let calls = 0;
    export const handler = async (event) => { if (++calls <= event.failures) throw new Error('no ' + calls); return calls; };`;
  const invocations = (): number => bench.functions.metrics().get('fn')?.invocations ?? 0;

  it('tries a function that fails twice more', async () => {
    await bench.add('fn', flaky);
    invoker.invoke(functionArn('fn'), { failures: 2 });
    expect(invoker.pending).toBe(1);
    await expect.poll(() => invoker.pending).toBe(0);
    expect(invocations()).toBe(3);
    expect(delivered).toEqual([]);
  });

  it('then hands the event to the dead-letter queue and the failure destination', async () => {
    await bench.add('fn', flaky, { deadLetterArn: 'arn:dead' });
    bench.functions.configureAsync({
      functionArn: functionArn('fn'),
      maximumRetries: undefined,
      onFailureArn: 'arn:failed',
      onSuccessArn: 'arn:done',
    });
    const requestId = invoker.invoke(functionArn('fn'), { failures: 9 });
    await expect.poll(() => invoker.pending).toBe(0);
    expect(invocations()).toBe(3);
    expect(delivered).toEqual([
      {
        arn: 'arn:failed',
        body: expect.objectContaining({
          requestContext: expect.objectContaining({
            requestId,
            condition: 'RetriesExhausted',
            approximateInvokeCount: 3,
          }),
          requestPayload: { failures: 9 },
          responsePayload: expect.objectContaining({ errorMessage: 'no 3' }),
        }),
        attributes: undefined,
      },
      {
        arn: 'arn:dead',
        body: { failures: 9 },
        attributes: { RequestID: requestId, ErrorCode: '200', ErrorMessage: 'no 3' },
      },
    ]);
  });

  it('tries as often as the EventInvokeConfig says, and tells of success', async () => {
    await bench.add('fn', flaky);
    const config = {
      functionArn: functionArn('fn'),
      maximumRetries: 0,
      onFailureArn: 'arn:failed',
      onSuccessArn: 'arn:done',
    };
    bench.functions.configureAsync(config);
    invoker.invoke(functionArn('fn'), { failures: 1 });
    await expect.poll(() => invoker.pending).toBe(0);
    invoker.invoke(functionArn('fn'), { failures: 1 });
    await expect.poll(() => invoker.pending).toBe(0);
    expect(delivered.map(({ arn }) => arn)).toEqual(['arn:failed', 'arn:done']);
    expect(delivered[1]?.body).toMatchObject({ responsePayload: 2, requestContext: { condition: 'Success' } });
  });

  it('refuses a function that is not there', () => {
    expect(() => invoker.invoke(functionArn('none'), {})).toThrow(
      expect.objectContaining({ code: 'function-unknown' }),
    );
  });
});
