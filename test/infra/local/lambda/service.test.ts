import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AsyncInvoker } from '../../../../infra/local/lambda/async-invoker.ts';
import { lambdaService } from '../../../../infra/local/lambda/service.ts';
import type { LocalService, ServiceRequest } from '../../../../infra/local/services/service.ts';
import { type FunctionBench, functionArn, functionBench, place } from '../support/functions.ts';

describe('Invoke', () => {
  let bench: FunctionBench;
  let service: LocalService;
  let invoker: AsyncInvoker;
  beforeAll(async () => {
    bench = await functionBench();
    await bench.add(
      'echo',
      'export const handler = async (e) => { if (e?.bad) throw new TypeError("bad"); return { got: e }; };',
    );
    invoker = new AsyncInvoker({
      functions: bench.functions,
      destinations: { deliver: () => {} },
      retryDelaysMs: [1, 1],
      onChange: () => {},
    });
    service = lambdaService(bench.functions, invoker);
  });
  afterAll(() => bench.close());
  const call = async (name: string, body: string, type?: string, method = 'POST') => {
    const request: ServiceRequest = {
      method,
      url: new URL(`http://127.0.0.1/2015-03-31/functions/${encodeURIComponent(name)}/invocations`),
      headers: new Map(type === undefined ? [] : [['x-amz-invocation-type', type]]),
      ...place,
      principal: undefined,
      body: Readable.from([Buffer.from(body)]),
    };
    return { needs: service.authorize(request, new Uint8Array()), ...(await service.handle(request)) };
  };

  it('answers with the result of the function, by name or ARN', async () => {
    const answer = await call('echo', '{"a":1}');
    expect([answer.status, answer.body]).toEqual([200, '{"got":{"a":1}}']);
    expect(answer.needs).toEqual([{ action: 'lambda:InvokeFunction', resource: functionArn('echo') }]);
    expect((await call(functionArn('echo'), '')).body).toBe('{"got":null}');
  });

  it('tells an error of the function from one of the call', async () => {
    const failed = await call('echo', '{"bad":true}');
    expect(failed.headers?.['x-amz-function-error']).toBe('Unhandled');
    expect(JSON.parse(String(failed.body))).toMatchObject({ errorType: 'TypeError', errorMessage: 'bad' });
    expect((await call('none', '{}')).status).toBe(404);
    expect((await call('echo', '{')).status).toBe(400);
    expect((await call('echo', '', undefined, 'GET')).status).toBe(404);
  });

  it('does not wait where it is not to', async () => {
    expect((await call('echo', '{}', 'Event')).status).toBe(202);
    expect((await call('echo', '{}', 'DryRun')).status).toBe(204);
    await expect.poll(() => invoker.pending).toBe(0);
  });
});
