import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manualClock } from '../../lib/core/clock.ts';
import { digestOf } from '../../lib/core/digest.ts';
import { memoryBudget } from '../../lib/registry/adapters/request-budgets.ts';
import { dynamoCheckpoints } from '../../lib/replication/adapters/dynamo-checkpoints.ts';
import { dynamoStates } from '../../lib/replication/adapters/dynamo-states.ts';
import { memoryCheckpoints } from '../../lib/replication/adapters/memory-checkpoints.ts';
import { memoryStates } from '../../lib/replication/adapters/memory-states.ts';
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
