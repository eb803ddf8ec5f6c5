import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manualClock } from '../../lib/core/clock.ts';
import { digestOf } from '../../lib/core/digest.ts';
import { dynamoEdge } from '../../lib/edge/adapters/dynamo-edge.ts';
import { memoryEdge } from '../../lib/edge/adapters/memory-edge.ts';
import type { DesiredRecord, ReportRecord } from '../../lib/edge/ports.ts';
import { makeKey, NOW, siteOf } from '../lib/edge/edge-fixtures.ts';
import { startDynamo } from '../support/dynamo.ts';

let dynamo: Awaited<ReturnType<typeof startDynamo>>;
beforeAll(async () => {
  dynamo = await startDynamo();
});
afterAll(() => dynamo.close());

describe.each(['memory', 'dynamodb'])('what is known of edge sites (%s)', (kind) => {
  const clock = manualClock(NOW);
  let memory: ReturnType<typeof memoryEdge> | undefined;
  const store = () => {
    if (kind === 'dynamodb') return dynamoEdge(dynamo.table, clock);
    memory ??= memoryEdge(clock);
    return memory;
  };
  const site = siteOf('ship', makeKey().pem);

  it('a site is put once, and changed by who knows what it was', async () => {
    expect(await store().find('ship')).toBeUndefined();
    expect(await store().swap(undefined, site)).toBe(true);
    expect(await store().swap(undefined, { ...site, budgetBytes: 1 })).toBe(false);
    const revised = { ...site, pins: ['team/app:*'] };
    expect(await store().swap({ ...site, budgetBytes: 7 }, revised)).toBe(false);
    expect(await store().swap(site, revised)).toBe(true);
    expect(await store().find('ship')).toEqual(revised);
    await store().swap(undefined, siteOf('shop', site.publicKeyPem));
    expect((await store().all()).map(({ name }) => name)).toEqual(['ship', 'shop']);
  });

  it('states are numbered one after the other, each by one', async () => {
    const record = (generation: number): DesiredRecord => ({
      ...{ generation, content: digestOf(String(generation)), createdAt: NOW, expiresAt: NOW, published: false },
      ...{ key: 'edge/ship/states/1', namesKey: 'edge/ship/names/1', images: 1, bytes: 2, faults: ['a: b'] },
      roots: [{ generation, root: digestOf('root'), key: 'edge/ship/states/1' }],
    });
    expect(await store().current('ship')).toBeUndefined();
    expect(await store().advance('ship', record(2))).toBe(false);
    expect(await store().advance('ship', record(1))).toBe(true);
    expect(await store().advance('ship', record(1))).toBe(false);
    expect(await store().advance('ship', record(3))).toBe(false);
    expect(await store().advance('ship', record(2))).toBe(true);
    await store().markPublished('ship', 1);
    expect(await store().current('ship')).toMatchObject({ generation: 2, published: false });
    await store().markPublished('ship', 2);
    expect(await store().current('ship')).toMatchObject({ ...record(2), published: true });
    await store().markPublished('nowhere', 1);
    expect(await store().current('nowhere')).toBeUndefined();
  });

  it('reports only go forward', async () => {
    const record = (sequence: number): ReportRecord => ({
      ...{ sequence, at: NOW, receivedAt: NOW, generation: 1, merkleRoot: digestOf('r'), envelope: digestOf('e') },
      ...{ standing: 'acknowledged', missing: 0, extra: 0, bytes: 1, budgetBytes: 2, key: 'k', usageKey: 'u' },
    });
    expect(await store().last('ship')).toBeUndefined();
    expect(await store().accept('ship', record(5))).toBe(true);
    expect(await store().accept('ship', record(5))).toBe(false);
    expect(await store().accept('ship', record(4))).toBe(false);
    expect(await store().accept('ship', record(9))).toBe(true);
    expect(await store().last('ship')).toMatchObject(record(9));
  });

  it('a token is used once, by one of many who come at the same moment, until its time is over', async () => {
    const until = new Date(clock.now().getTime() + 60_000);
    const answers = await Promise.all(Array.from({ length: 5 }, () => store().use('ship', 'token-1', until)));
    expect(answers.filter(Boolean)).toHaveLength(1);
    expect(await store().use('shop', 'token-1', until)).toBe(true);
    expect(await store().use('ship', 'token-2', until)).toBe(true);
  });
});
