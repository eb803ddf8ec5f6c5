import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Digest, digestOf } from '../../lib/core/digest.ts';
import { dynamoReplicas } from '../../lib/replication/adapters/dynamo-replicas.ts';
import { memoryReplicas } from '../../lib/replication/adapters/memory-replicas.ts';
import type { ReplicaStore } from '../../lib/replication/index.ts';
import { startDynamo } from '../support/dynamo.ts';

let dynamo: Awaited<ReturnType<typeof startDynamo>>;
beforeAll(async () => {
  dynamo = await startDynamo();
});
afterAll(() => dynamo.close());

const kinds: Readonly<Record<string, () => ReplicaStore>> = {
  memory: memoryReplicas,
  dynamodb: () => dynamoReplicas(dynamo.table),
};

describe.each(Object.entries(kinds))('the store of replicas (%s)', (kind, make) => {
  let count = 0;
  const record = (copy = 'copy.example') => {
    const digest = digestOf(`${kind} ${count}`);
    return {
      source: { registry: 'source.example', repository: 'team/app', digest },
      target: { registry: copy, repository: 'mirror/team/app', digest },
      root: digest,
      intendedAt: '2026-01-01T00:00:00.000Z',
    };
  };

  it('keeps the first intention, whoever comes second', async () => {
    const store = make();
    count++;
    const first = record();
    const answers = await Promise.all(Array.from({ length: 8 }, () => store.intend(first)));
    expect(answers.filter((answer) => answer === 'intended')).toHaveLength(1);
    const second = { ...first, source: { ...first.source, registry: 'other.example' } };
    expect(await store.intend(second)).toBe('known');
    expect(await store.find(first.target)).toEqual({ ...first, state: 'intended' });
    expect(await store.sourceOf(first.target)).toBe('source.example');
  });

  it('knows nothing of what it was not told', async () => {
    count++;
    const { target } = record();
    const store = make();
    expect(await store.find(target)).toBeUndefined();
    expect(await store.sourceOf(target)).toBeUndefined();
    await store.complete(target, '2026-01-02T00:00:00.000Z');
    expect(await store.find(target)).toBeUndefined();
  });

  it('completes once', async () => {
    count++;
    const one = record();
    const store = make();
    await store.intend(one);
    await store.complete(one.target, '2026-01-02T00:00:00.000Z');
    await store.complete(one.target, '2026-01-03T00:00:00.000Z');
    expect(await store.intend(one)).toBe('complete');
    expect(await store.find(one.target)).toEqual({
      ...one,
      state: 'complete',
      completedAt: '2026-01-02T00:00:00.000Z',
    });
  });

  it('finds the copies of an image', async () => {
    count++;
    const store = make();
    const copies = ['b.example', 'a.example'].map((host) => record(host));
    for (const copy of copies) await store.intend(copy);
    const found = await Array.fromAsync(store.replicasOf(record().source));
    expect(found.map(({ target }) => target.registry)).toEqual(['a.example', 'b.example']);
  });

  it('moves what it knows of a tag only from where it was', async () => {
    const { tags } = make();
    const of = { registry: `${kind}.example`, repository: 'mirror/team/app' };
    const [a, b, c] = ['a', 'b', 'c'].map(digestOf) as [Digest, Digest, Digest];
    expect(await tags.find(of, 'v1')).toBeUndefined();
    expect(await tags.swap(of, 'v1', a, b, '2026-01-01T00:00:00.000Z')).toBe(false);
    expect(await tags.swap(of, 'v1', undefined, a, '2026-01-01T00:00:00.000Z')).toBe(true);
    expect(await tags.swap(of, 'v1', undefined, b, '2026-01-02T00:00:00.000Z')).toBe(false);
    const won = await Promise.all([b, c].map((to) => tags.swap(of, 'v1', a, to, '2026-01-03T00:00:00.000Z')));
    expect(won.filter(Boolean)).toHaveLength(1);
    const [first, other] = won[0] ? [b, c] : [c, b];
    const moved = { digest: first, setAt: '2026-01-03T00:00:00.000Z' };
    expect(await tags.find(of, 'v1')).toEqual({ ...moved, movingFrom: a });
    await tags.settle(of, 'v1', other);
    expect(await tags.find(of, 'v1')).toEqual({ ...moved, movingFrom: a });
    await tags.settle(of, 'v1', first);
    expect(await tags.find(of, 'v1')).toEqual(moved);
    expect(await tags.drop(of, 'v1', other)).toBe(false);
    expect(await tags.drop(of, 'v1', first)).toBe(true);
    expect(await tags.find(of, 'v1')).toBeUndefined();
  });
});
