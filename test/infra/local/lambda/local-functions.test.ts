import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type InvocationReport, killRandomly, type Outcome } from '../../../../infra/local/lambda/model.ts';
import { type FunctionBench, functionArn, functionBench } from '../support/functions.ts';

describe('functions', () => {
  let bench: FunctionBench;
  beforeEach(async () => {
    bench = await functionBench();
  });
  afterEach(() => bench.close());
  const invoke = (name: string, event: unknown = {}): Promise<Outcome> =>
    bench.functions.invoke(bench.functions.find(name), event, 'direct');
  const payload = (outcome: Outcome): unknown => (outcome.kind === 'success' ? JSON.parse(outcome.payload) : outcome);

  it('see the variables of the template and of the service, and nothing else', async () => {
    await bench.add('env', 'export const handler = async () => ({ ...process.env });', { environment: { TABLE: 't' } });
    const environment = payload(await invoke('env')) as Record<string, string>;
    expect(environment).toMatchObject({
      TABLE: 't',
      AWS_REGION: 'eu-central-1',
      AWS_LAMBDA_FUNCTION_NAME: 'env',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
      AWS_ACCESS_KEY_ID: 'key',
      _HANDLER: 'index.handler',
    });
    expect(environment.PATH).toBeUndefined();
    expect(environment.HOME).toBeUndefined();
  });

  it('get event and context, stay warm, and answer undefined as null', async () => {
    await bench.add(
      'context',
      `let calls = 0;
       export const handler = async (event, context) => event.nothing ? undefined : ({
         calls: ++calls, event, name: context.functionName, arn: context.invokedFunctionArn, id: context.awsRequestId,
         left: context.getRemainingTimeInMillis(), trace: process.env._X_AMZN_TRACE_ID });`,
    );
    expect(payload(await invoke('context', { a: 1 }))).toMatchObject({
      calls: 1,
      event: { a: 1 },
      name: 'context',
      arn: functionArn('context'),
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      trace: expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Sampled=0$/),
    });
    expect(payload(await invoke('contextFunction'))).toMatchObject({ calls: 2 });
    expect(payload(await invoke(`${functionArn('context')}:$LATEST`, { nothing: true }))).toBeNull();
  });

  it.each<[string, string, string, string | RegExp]>([
    ['throws', 'export const handler = async () => { throw new TypeError("no"); };', 'handled', 'TypeError'],
    ['runs for ever', 'export const handler = async () => { for (;;); };', 'timeout', 'Sandbox.Timedout'],
    ['never answers', 'export const handler = () => new Promise(() => {});', 'timeout', 'Sandbox.Timedout'],
    ['exits', 'export const handler = async () => { process.exit(3); };', 'crash', 'Runtime.ExitError'],
    [
      'throws outside of the invocation',
      'export const handler = () => new Promise(() => setTimeout(() => { throw new RangeError("late"); }, 5));',
      'crash',
      'RangeError',
    ],
    ['cannot be loaded', 'import "./missing.mjs"; export const handler = 1;', 'init', 'Runtime.ImportModuleError'],
    ['has no handler', 'export const other = 1;', 'init', 'Runtime.HandlerNotFound'],
  ])(
    'a function that %s fails alone, and the next invocation has a new sandbox',
    async (_what, source, reason, type) => {
      await bench.add('bad', source, { timeoutSeconds: 0.3 });
      await bench.add('good', 'export const handler = async () => "fine";');
      for (let i = 0; i < 2; i++) {
        expect(await invoke('bad')).toMatchObject({ kind: 'error', reason, error: { errorType: type } });
      }
      expect(payload(await invoke('good'))).toBe('fine');
      expect(bench.functions.metrics().get('bad')).toMatchObject({ invocations: 2, errors: 2, running: 0 });
      expect(bench.functions.active).toBe(0);
    },
  );

  it('that fills its heap dies of it, not the process', async () => {
    await bench.add(
      'greedy',
      'export const handler = async () => { const all = []; for (;;) all.push(new Array(1000).fill({}).map(() => ({}))); };',
      { memoryMb: 32 },
    );
    expect(await invoke('greedy')).toMatchObject({
      kind: 'error',
      reason: 'crash',
      error: { errorType: 'Runtime.OutOfMemory' },
    });
  });

  it('run at most so many at once as is allowed, and the rest waits', async () => {
    const slow = 'export const handler = async () => { await new Promise((r) => setTimeout(r, 30)); return "ok"; };';
    await bench.add('slow', slow);
    await bench.add('single', slow, { reservedConcurrency: 1 });
    await bench.add('none', slow, { reservedConcurrency: 0 });
    let running = 0;
    const seen = { slow: 0, single: 0 };
    const observe = setInterval(() => {
      for (const name of ['slow', 'single'] as const) {
        running = bench.functions.metrics().get(name)?.running ?? 0;
        seen[name] = Math.max(seen[name], running);
      }
    }, 5);
    const all = await Promise.all([
      ...Array.from({ length: 6 }, () => invoke('slow')),
      ...Array.from({ length: 3 }, () => invoke('single')),
    ]);
    clearInterval(observe);
    expect(all.every(({ kind }) => kind === 'success')).toBe(true);
    expect(seen.slow).toBeLessThanOrEqual(2);
    expect(seen.single).toBe(1);
    expect(bench.functions.find('slow').pool.size).toBe(2);
    expect(await invoke('none')).toMatchObject({ kind: 'error', reason: 'throttled' });
  });

  it('write what they print, and how they failed, into a log of their own', async () => {
    await bench.add(
      'loud',
      'export const handler = async () => { console.log("out\\nmore"); console.error("err"); throw new Error("bad"); };',
    );
    await invoke('loud');
    const { log } = bench.functions.find('loud');
    await expect.poll(() => readFile(log.path, 'utf8')).toMatch(/bad[\s\S]*err|err[\s\S]*bad/);
    const text = await readFile(join(bench.folder, 'logs', 'eu-central-1-loud.log'), 'utf8');
    expect(text).toContain('out\nmore\n');
    expect(text).toContain('"message":"Error: bad"');
  });

  it('have their log level from the template, and their lines cut where they never end', async () => {
    await bench.add(
      'endless',
      'export const handler = async () => { process.stdout.write("x".repeat(600_000)); return process.env.AWS_LAMBDA_LOG_LEVEL; };',
      { logLevel: 'WARN' },
    );
    expect(payload(await invoke('endless'))).toBe('WARN');
    const { log } = bench.functions.find('endless');
    await expect.poll(() => readFile(log.path, 'utf8').catch(() => '')).toMatch(/^x{262145}/);
  });

  it('may answer 6 MB and no more', async () => {
    await bench.add('large', 'export const handler = async (n) => "x".repeat(n - 2);');
    const limit = 6 * 1024 * 1024;
    expect((await invoke('large', limit)).kind).toBe('success');
    expect(await invoke('large', limit + 1)).toMatchObject({ error: { errorType: 'Function.ResponseSizeTooLarge' } });
  });

  it('are reported one by one to who listens', async () => {
    const reports: InvocationReport[] = [];
    const stop = bench.functions.onInvocation((report) => reports.push(report));
    await bench.add('told', 'export const handler = async (e) => { if (e.bad) throw new Error("x"); };');
    await invoke('told');
    await invoke('told', { bad: true });
    stop();
    await invoke('told');
    expect(reports.map(({ outcome, error }) => [outcome, error])).toEqual([
      ['success', undefined],
      ['handled', 'Error: x'],
    ]);
  });

  it('that are unknown, or whose code is missing, are refused by name', async () => {
    await bench.add('known', 'export const handler = 1;');
    expect(() => bench.functions.find('unknown')).toThrow(
      expect.objectContaining({ code: 'function-unknown', hint: 'functions here: known' }),
    );
    await expect(bench.add('empty', '', { handler: 'main.run' })).rejects.toMatchObject({ code: 'code-missing' });
  });

  it('warm up before the first event', async () => {
    await bench.add('warm', 'export const handler = async () => 1;');
    await bench.functions.warm();
    expect(bench.functions.find('warm').pool.size).toBe(1);
  });
});

describe('killing at random', () => {
  it('kills the sandboxes that the random numbers choose, and their invocations fail', async () => {
    const draws = [0.1, 0.5, 0.9, 0.1, 0.2];
    const bench = await functionBench({
      chaos: () => killRandomly({ probability: 0.3, withinMs: 20, random: () => draws.shift() ?? 1 }),
    });
    await bench.add('victim', 'export const handler = () => new Promise((r) => setTimeout(() => r("ok"), 60));');
    const outcomes: string[] = [];
    for (let i = 0; i < 4; i++) {
      const outcome = await bench.functions.invoke(bench.functions.find('victim'), {}, 'direct');
      outcomes.push(outcome.kind === 'error' ? outcome.reason : 'ok');
    }
    expect(outcomes).toEqual(['crash', 'ok', 'crash', 'ok']);
    await bench.close();
  });
});
