import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Assembly, buildAssembly } from '../../../infra/local/assembly/build-assembly.ts';
import { killRandomly, type LocalStack, type StackOptions, startLocalStack } from '../../../infra/local/stack.ts';

const root = join(import.meta.dirname, 'fixtures', 'mini');
const region = 'eu-central-1';

describe('the local stack, with a synthesized app', () => {
  let work: string;
  let assembly: Assembly;
  let stack: LocalStack;
  const notices: string[] = [];
  const start = async (name: string, more: Partial<StackOptions> = {}): Promise<LocalStack> =>
    await startLocalStack({
      root,
      dataDir: join(work, name),
      assembly,
      onNotice: (line) => notices.push(line),
      ...more,
    });

  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), 'lading-stack-'));
    assembly = await buildAssembly({ root, cacheDir: join(work, 'assembly') });
    stack = await start('data', { retryAfterSeconds: 0 });
  });
  afterAll(async () => {
    await stack?.close();
    await rm(work, { recursive: true, force: true });
  });

  const put = (name: string): string =>
    stack.putEvent(region, { source: 'mini.test', detailType: 'Thing Happened', detail: { name } }, 'mini');
  const seen = async (name: string, of = stack): Promise<number> => {
    const body = JSON.stringify({ TableName: 'counts', Key: { pk: { S: name } }, ConsistentRead: true });
    return Number(JSON.parse((await of.tables.execute(region, 'GetItem', body)).body).Item?.seen?.N ?? 0);
  };

  it('carries an event of an unmodified client through rule, queue and function into the table', async () => {
    const client = new EventBridgeClient({ endpoint: stack.endpoint, region, credentials: stack.developerKey });
    const Detail = JSON.stringify({ name: 'first' });
    const { FailedEntryCount } = await client.send(
      new PutEventsCommand({ Entries: [{ EventBusName: 'mini', Source: 'mini.test', DetailType: 'T', Detail }] }),
    );
    expect(FailedEntryCount).toBe(0);
    expect(await stack.settle()).toEqual({ settled: true, waitingFor: [] });
    expect(await seen('first')).toBe(1);
    expect(stack.deniedCalls).toEqual([]);
    expect(stack.metrics().get('mini-count-events')).toMatchObject({ errors: 0, running: 0 });
  });

  it('lets a function make further events, and settles when the last is worked on', async () => {
    put('chain');
    expect(stack.idle()).toBe(false);
    await stack.settle();
    expect([await seen('chain'), await seen('chained')]).toEqual([1, 1]);
  });

  it('gives a message that fails to the dead-letter queue, from which it can be redriven', async () => {
    put('fail');
    await stack.settle();
    const [dead] = stack.queues.deadLetterQueues();
    expect(dead?.peek().map(({ body }) => JSON.parse(body).detail)).toEqual([{ name: 'fail' }]);
    expect(stack.queues.redrive(dead?.arn ?? '')).toEqual({ moved: 1, kept: 0 });
    expect((await stack.settle()).settled).toBe(true);
    expect(dead?.counts().visible).toBe(1);
    const log = await readFile(join(work, 'data', 'logs', `${region}-mini-count-events.log`), 'utf8');
    expect(log).toContain('Error: told to fail');
    // The stack trace leads to the source, not to the bundle.
    expect(log).toMatch(/fixtures\/mini\/functions\/count-events\/handler\.ts:\d+:\d+/);
    expect(log).not.toMatch(/index\.mjs:1:/);
  });

  it("enforces the template's grants, down to the index, and tells what was denied and what is not needed", async () => {
    for (const name of ['query', 'scan']) put(name);
    await stack.settle();
    expect([await seen('query'), await seen('scan')]).toEqual([1, 0]);
    expect(stack.deniedCalls.map(({ action }) => action)).toEqual(Array(3).fill('dynamodb:Scan'));
    expect(stack.deniedCalls[0]?.resource).toMatch(/:table\/counts$/);
    const unused = (): string[] =>
      stack.unusedGrants().map(({ action, resource }) => `${action} ${resource.split('/').at(-1)}`);
    expect(unused()).toContain('dynamodb:deleteitem counts');
    expect(unused()).not.toContain('dynamodb:updateitem counts');
    put('remove');
    await stack.settle();
    expect(unused()).not.toContain('dynamodb:deleteitem counts');
  });

  it('serves the HTTP API and the function URL, whose addresses outputs and variables tell', async () => {
    const apiUrl = String(stack.outputs.get('Home.ApiUrl'));
    expect(await (await fetch(`${apiUrl}/greet/world`)).text()).toBe('hello world');
    expect(await (await fetch(`${apiUrl}/any/other`)).text()).toBe('hello /any/other');
    expect(await (await fetch(`${String(stack.outputs.get('Home.FunctionUrl'))}x`)).text()).toBe('hello /x');
    const body = JSON.stringify({ TableName: 'counts', Key: { pk: { S: 'query' } } });
    expect(JSON.parse((await stack.tables.execute(region, 'GetItem', body)).body).Item.api.S).toBe(apiUrl);
    expect(stack.apis.map(({ endpoint }) => endpoint)).toContain(apiUrl);
  });

  it('runs a schedule when it is told to', async () => {
    expect(stack.runSchedule('mini-count-events')).toBe(1);
    await stack.settle();
    expect(await seen('scheduled')).toBe(1);
    expect(stack.runSchedule('mini-greet')).toBe(0);
    expect(stack.upcoming()).toHaveLength(1);
  });

  it('sends events of AWS services on from the other region', async () => {
    const heard: string[] = [];
    const stop = stack.onEvent(({ source }, bus, at) => heard.push(`${source} on ${bus} in ${at}`));
    stack.putEvent('eu-west-1', { source: 'aws.ecr', detailType: 'ECR Image Action', detail: { name: 'pushed' } });
    stop();
    await stack.settle();
    expect(heard).toEqual(['aws.ecr on default in eu-west-1', 'aws.ecr on default in eu-central-1']);
    expect(await seen('pushed')).toBe(1);
  });

  it('says what it skipped and what lies where', () => {
    expect(stack.skipped.map(({ type }) => type).sort()).toEqual([
      'AWS::ApiGatewayV2::Stage',
      'AWS::Lambda::Permission',
      'AWS::SQS::QueuePolicy',
    ]);
    expect(stack.resources.find(({ type }) => type === 'AWS::DynamoDB::GlobalTable')).toMatchObject({
      stackName: 'Home',
      physicalId: 'counts',
    });
    expect(stack.accountId).toBe('000000000000');
    expect(notices).toEqual([]);
  });

  it('holds its data folder alone, and keeps the data over a restart', async () => {
    await expect(start('data')).rejects.toMatchObject({ code: 'folder-in-use' });
    await stack.close();
    stack = await start('data', { retryAfterSeconds: 0 });
    expect(await seen('first')).toBe(1);
    put('first');
    await stack.settle();
    expect(await seen('first')).toBe(2);
  });

  it('loses no event when sandboxes are killed at random, and nothing but retries shows', async () => {
    let seed = 42;
    const random = (): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed / 2 ** 31;
    };
    const wild = await start('chaos', {
      retryAfterSeconds: 0,
      chaos: () => killRandomly({ probability: 0.3, withinMs: 15, random }),
    });
    const names = Array.from({ length: 20 }, (_, i) => `n${i}`);
    for (const name of names) {
      wild.putEvent(region, { source: 'mini.test', detailType: 'T', detail: { name } }, 'mini');
    }
    expect((await wild.settle()).settled).toBe(true);
    const dead = wild.queues.deadLetterQueues()[0];
    const buried = new Set(dead?.peek(1000).map(({ body }) => JSON.parse(body).detail.name));
    for (const name of names) expect((await seen(name, wild)) > 0 || buried.has(name)).toBe(true);
    await wild.close();
  });

  it('starts again on a folder whose process was killed', async () => {
    const script = `
      const { startLocalStack } = await import(${JSON.stringify(join(import.meta.dirname, '../../../infra/local/stack.ts'))});
      await startLocalStack(${JSON.stringify({ root, dataDir: join(work, 'killed'), assemblyDir: join(work, 'assembly') })});
      console.log('ready');
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    await expect(start('killed')).rejects.toMatchObject({ code: 'folder-in-use' });
    child.kill('SIGKILL');
    await once(child, 'exit');
    const again = await start('killed');
    await again.close();
  });

  it('says what keeps it from starting', async () => {
    const taken = Number(new URL(stack.endpoint).port);
    await expect(start('other', { ports: { facade: taken } })).rejects.toMatchObject({ code: 'port-in-use' });
    await expect(start('other', { services: async () => Promise.reject(new Error('no KMS')) })).rejects.toThrow(
      'no KMS',
    );
    // Neither left the folder locked.
    const other = await start('other');
    await other.close();
  });
});
