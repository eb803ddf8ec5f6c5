import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manualClock } from '../../lib/core/clock.ts';
import { digestOf } from '../../lib/core/digest.ts';
import { memoryBudget } from '../../lib/registry/adapters/request-budgets.ts';
import { dynamoCheckpoints } from '../../lib/replication/adapters/dynamo-checkpoints.ts';
import { dynamoSlots } from '../../lib/replication/adapters/dynamo-slots.ts';
import { dynamoStates } from '../../lib/replication/adapters/dynamo-states.ts';
import { memoryCheckpoints } from '../../lib/replication/adapters/memory-checkpoints.ts';
import { memorySlots } from '../../lib/replication/adapters/memory-slots.ts';
import { memoryStates } from '../../lib/replication/adapters/memory-states.ts';
import { holdSlot } from '../../lib/replication/hold-slot.ts';
import type { ReplicaState } from '../../lib/replication/index.ts';
import { createPace } from '../../lib/replication/pace.ts';
import { startDynamo } from '../support/dynamo.ts';

let dynamo: Awaited<ReturnType<typeof startDynamo>>;
const clock = manualClock();
beforeAll(async () => {
  dynamo = await startDynamo();
});
afterAll(() => dynamo.close());

const state = (repository: string, missing = 0): ReplicaState => ({
  source: { registry: 'source.example', repository },
  target: { registry: 'target.example', repository },
  rules: ['all'],
  lookedAt: '2026-01-01T00:00:00.000Z',
  expectedRoot: digestOf('expected'),
  heldRoot: digestOf('held'),
  ...{ tags: 1, manifests: 2, missing, moved: 0, corrupted: 0, extra: 0, lagMs: 0, scrubNext: 7 },
  buckets: { '0': 'a', '255': 'b' },
});

describe.each([
  ['memory', () => memoryStates()],
  ['dynamodb', () => dynamoStates(dynamo.table)],
] as const)('the last comparisons (%s)', (_kind, make) => {
  it('are kept one for each repository and target, and listed', async () => {
    const store = make();
    const [a, b] = [state('a'), state('b')];
    expect(await store.find(a.source, a.target)).toBeUndefined();
    await store.save(b);
    await store.save(a);
    await store.save({ ...a, missing: 3, provenEqualAt: '2026-01-02T00:00:00.000Z' });
    expect(await store.find(a.source, a.target)).toMatchObject({ missing: 3, buckets: { '255': 'b' } });
    expect((await Array.fromAsync(store.all())).map(({ source }) => source.repository)).toEqual(['a', 'b']);
  });
});

describe.each([
  ['memory', () => memoryCheckpoints()],
  ['dynamodb', () => dynamoCheckpoints(dynamo.table, clock)],
] as const)('places of uploads (%s)', (kind, make) => {
  it('are replaced by the next, and forgotten', async () => {
    const store = make();
    const key = `${kind}.example/app@${digestOf('x')}`;
    expect(await store.load(key)).toBeUndefined();
    const checkpoint = { location: 'https://r.example/v2/app/blobs/uploads/1', offset: 64, state: 'ab'.repeat(32) };
    await store.save(key, checkpoint);
    await store.save(key, { ...checkpoint, offset: 128 });
    expect(await store.load(key)).toEqual({ ...checkpoint, offset: 128 });
    await store.forget(key);
    expect(await store.load(key)).toBeUndefined();
  });
});

describe('a bandwidth', () => {
  it('is kept by all who share the budget, whatever pieces they send', async () => {
    const time = manualClock('2026-01-01T00:00:00.000Z');
    const began = time.now().getTime();
    const budget = memoryBudget(time);
    const pause = async (ms: number) => time.advance(ms);
    const [a, b] = [createPace(budget, pause, 't.example', 2), createPace(budget, pause, 't.example', 2)];
    for (let i = 0; i < 160; i++) await (i % 2 === 0 ? a : b)(128 * 1024);
    // 20 MiB at 2 MiB a second, of which a second's worth may go at once.
    const seconds = (time.now().getTime() - began) / 1_000;
    expect(seconds).toBeGreaterThanOrEqual(9);
    expect(seconds).toBeLessThanOrEqual(11);
  });
});

describe.each([
  ['memory', () => memorySlots()],
  ['dynamodb', () => dynamoSlots(dynamo.table, clock)],
] as const)('slots of a target (%s)', (kind, make) => {
  it('are as many as there are, each target’s its own, and come back', async () => {
    const slots = make();
    const target = `${kind}.example`;
    const [first, second] = [await slots.take(target, 2), await slots.take(target, 2)];
    expect(await slots.take(target, 2)).toBeUndefined();
    expect(await slots.take(`other-${target}`, 1)).toBeDefined();
    await first?.keep();
    await first?.release();
    await first?.release();
    expect(await slots.take(target, 2)).toBeDefined();
    expect(await slots.take(target, 2)).toBeUndefined();
    await second?.release();
  });

  it('hold for many workers at once: never more than allowed, and all get their turn', async () => {
    const slots = make();
    const counts = { now: 0, most: 0, done: 0 };
    const full = Promise.withResolvers<void>();
    const work = async (): Promise<void> => {
      counts.now++;
      counts.most = Math.max(counts.most, counts.now);
      // The first ones stay until all slots are taken.
      if (counts.now === 3) full.resolve();
      await full.promise;
      counts.now--;
      counts.done++;
    };
    const wait = { slots, mayGoOn: () => true, pause: () => new Promise((resolve) => setImmediate(resolve)) };
    const attempt = async (): Promise<void> => {
      while ((await holdSlot(wait, `${kind}-many`, 3, work)) === 'busy');
    };
    await Promise.all(Array.from({ length: 20 }, attempt));
    expect(counts).toEqual({ now: 0, most: 3, done: 20 });
  });

  it('are not waited for beyond the time, and come back from work that fails', async () => {
    const slots = make();
    let looks = 0;
    const wait = { slots, mayGoOn: () => ++looks < 4, pause: async () => undefined };
    const held = await slots.take(`${kind}-busy`, 1);
    expect(await holdSlot(wait, `${kind}-busy`, 1, async () => 'done')).toBe('busy');
    await held?.release();
    const failing = holdSlot(wait, `${kind}-busy`, 1, () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(await holdSlot(wait, `${kind}-busy`, 1, async () => 'done')).toBe('done');
  });
});

it('gives a slot whose worker died to another, who cannot lose it to the dead', async () => {
  const slots = dynamoSlots(dynamo.table, clock);
  const dead = await slots.take('crash.example', 1);
  expect(await slots.take('crash.example', 1)).toBeUndefined();
  clock.advance(91_000);
  const heir = await slots.take('crash.example', 1);
  expect(heir).toBeDefined();
  await dead?.keep();
  await dead?.release();
  expect(await slots.take('crash.example', 1)).toBeUndefined();
  await heir?.release();
  expect(await slots.take('crash.example', 1)).toBeDefined();
});
