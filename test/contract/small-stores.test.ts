import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Table } from '../../lib/aws/table.ts';
import { manualClock } from '../../lib/core/clock.ts';
import { digestOf } from '../../lib/core/digest.ts';
import { dynamoDeliveries } from '../../lib/intake/adapters/dynamo-deliveries.ts';
import { memoryDeliveries } from '../../lib/intake/adapters/memory-deliveries.ts';
import { dynamoRetention } from '../../lib/lifecycle/adapters/dynamo-retention.ts';
import { memoryRetention } from '../../lib/lifecycle/adapters/memory-retention.ts';
import { SENTENCE_MS } from '../../lib/lifecycle/ports.ts';
import { startDynamo } from '../support/dynamo.ts';

let dynamo: Awaited<ReturnType<typeof startDynamo>>;
beforeAll(async () => {
  dynamo = await startDynamo();
});
afterAll(() => dynamo.close());
const table = (): Table => dynamo.table;

describe.each(['memory', 'dynamodb'])('the log of deliveries (%s)', (kind) => {
  it('knows a delivery of a source until its time is up', async () => {
    const clock = manualClock();
    const log = kind === 'memory' ? memoryDeliveries(clock) : dynamoDeliveries(table(), clock);
    expect(await log.seen('harbor', 'one')).toBe(false);
    await log.record('harbor', 'one', 60);
    expect(await log.seen('harbor', 'one')).toBe(true);
    expect(await log.seen('quay', 'one')).toBe(false);
    clock.advance(61_000);
    // DynamoDB removes rows late: the time counts, not whether the row is there.
    expect(await log.seen('harbor', 'one')).toBe(false);
  });
});

describe.each(['memory', 'dynamodb'])('leases and plans (%s)', (kind) => {
  const clock = manualClock('2026-01-01T00:00:00.000Z');
  it('are kept by repository', async () => {
    const store = kind === 'memory' ? memoryRetention(clock) : dynamoRetention(table(), clock);
    const of = { registry: 'r.example', repository: 'app' };
    const lease = { digest: digestOf('a'), reason: 'ecs/web', until: '2030-01-01T00:00:00.000Z' };
    await store.hold(of, lease);
    await store.hold(of, { ...lease, reason: 'legal hold' });
    expect((await store.leases(of)).map(({ reason }) => reason).sort()).toEqual(['ecs/web', 'legal hold']);
    expect((await store.leases(of))[0]).toMatchObject({ digest: lease.digest, until: lease.until });
    await store.hold(of, { ...lease, until: '2027-01-01T00:00:00.000Z' });
    expect((await store.leases(of)).some(({ reason, until }) => reason === 'ecs/web' && until === lease.until)).toBe(
      true,
    );
    expect(await store.leases({ ...of, repository: 'other' })).toEqual([]);
    expect(await store.last(of)).toBeUndefined();
    await store.record(of, { key: 'plans/1', plannedAt: '2026-01-01T00:00:00.000Z', expire: 2 });
    await store.record(of, { key: 'plans/2', plannedAt: '2026-01-02T00:00:00.000Z', expire: 0 });
    expect(await store.last(of)).toMatchObject({ key: 'plans/2', plannedAt: '2026-01-02T00:00:00.000Z' });
  });

  it('decide between a lease and a deletion: one of the two is told yes', async () => {
    const store = kind === 'memory' ? memoryRetention(clock) : dynamoRetention(table(), clock);
    const of = { registry: `guard-${kind}.example`, repository: 'app' };
    const [a, b] = [digestOf('a'), digestOf('b')];
    const lease = (digest: typeof a, hours: number) => ({
      digest,
      reason: 'ecs/web',
      until: new Date(clock.now().getTime() + hours * 3_600_000).toISOString(),
    });
    expect(await store.hold(of, lease(a, 1))).toBe('held');
    expect(await store.condemn(of, a, 'plan')).toBe(false);
    expect(await store.condemn(of, b, 'plan')).toBe(true);
    expect(await store.hold(of, lease(b, 1))).toBe('condemned');
    await store.reprieve(of, b, 'plan');
    expect(await store.hold(of, lease(b, 1))).toBe('held');
    expect(await store.condemn(of, b, 'plan')).toBe(false);
    // Of two who delete, one is told yes, and only that one can take it back.
    expect(await store.condemn(of, digestOf('c'), 'one')).toBe(true);
    expect(await store.condemn(of, digestOf('c'), 'one')).toBe(true);
    expect(await store.condemn(of, digestOf('c'), 'two')).toBe(false);
    await store.reprieve(of, digestOf('c'), 'two');
    expect(await store.hold(of, lease(digestOf('c'), 1))).toBe('condemned');
    await store.reprieve(of, digestOf('c'), 'one');
    expect(await store.hold(of, lease(digestOf('c'), 1))).toBe('held');
    // A lease that ended holds nothing, and a sentence that ended condemns nothing.
    clock.advance(2 * 3_600_000);
    expect(await store.condemn(of, a, 'plan')).toBe(true);
    expect(await store.condemn(of, a, 'plan')).toBe(true);
    clock.advance(SENTENCE_MS + 1);
    expect(await store.hold(of, lease(a, 1))).toBe('held');
    expect(await store.hold(of, lease(a, 0.5))).toBe('held');
    clock.advance(0.75 * 3_600_000);
    expect(await store.condemn(of, a, 'plan')).toBe(false);
  });

  it('come with the latest pull of each digest, and since when pulls are told', async () => {
    const store = kind === 'memory' ? memoryRetention(clock) : dynamoRetention(table(), clock);
    const of = { registry: `${kind}.example`, repository: 'app' };
    const [a, b] = [digestOf('a'), digestOf('b')];
    expect(await store.pulls(of)).toBeUndefined();
    for (const [digest, day] of [
      [a, 3],
      [a, 5],
      [a, 4],
      [b, 2],
    ] as const) {
      await store.pulled(of, { digest, pulledAt: `2026-01-0${day}T00:00:00.000Z` });
    }
    expect(await store.pulls(of)).toEqual({
      since: '2026-01-02T00:00:00.000Z',
      last: new Map([
        [a, '2026-01-05T00:00:00.000Z'],
        [b, '2026-01-02T00:00:00.000Z'],
      ]),
    });
    const other = await store.pulls({ ...of, repository: 'other' });
    expect(other).toEqual({ since: '2026-01-02T00:00:00.000Z', last: new Map() });
    expect(await store.leases(of)).toEqual([]);
  });

  it('and a hold without an end, which is lifted by its name', async () => {
    const store = kind === 'memory' ? memoryRetention(clock) : dynamoRetention(table(), clock);
    const of = { registry: `hold-${kind}.example`, repository: 'app' };
    const digest = digestOf('held');
    const hold = { digest, kind: 'legal' as const, reason: 'a lawsuit', by: 'me', since: clock.now().toISOString() };
    expect(await store.place(of, { ...hold, name: 'case-7' })).toBe('held');
    expect(await store.place(of, { ...hold, name: 'case-7', reason: 'the same lawsuit' })).toBe('held');
    expect(await store.place(of, { ...hold, name: '1.0', kind: 'release' })).toBe('held');
    expect((await store.holds(of)).map(({ name, reason }) => `${name}: ${reason}`).sort()).toEqual([
      '1.0: a lawsuit',
      'case-7: the same lawsuit',
    ]);
    expect(await store.condemn(of, digest, 'plan')).toBe(false);
    expect(await store.lift(of, digest, 'case-7')).toBe(true);
    expect(await store.lift(of, digest, 'case-7')).toBe(false);
    expect(await store.condemn(of, digest, 'plan')).toBe(false);
    // A lease that comes while there is a hold outlives it.
    await store.hold(of, { digest, reason: 'ecs', until: new Date(clock.now().getTime() + 3_600_000).toISOString() });
    expect(await store.lift(of, digest, '1.0')).toBe(true);
    expect(await store.condemn(of, digest, 'plan')).toBe(false);
    clock.advance(2 * 3_600_000);
    expect(await store.condemn(of, digest, 'plan')).toBe(true);
    expect(await store.place(of, { ...hold, name: 'late' })).toBe('condemned');
    expect(await store.holds(of)).toEqual([]);
  });

  it('and what is set aside, found by each of its digests', async () => {
    const store = kind === 'memory' ? memoryRetention(clock) : dynamoRetention(table(), clock);
    const of = { registry: `aside-${kind}.example`, repository: 'app' };
    const [root, part] = [digestOf('root'), digestOf('part')];
    const quarantine = {
      ...{ root, mediaType: 'x/y', digests: [root, part], why: 'old', action: 'expire' as const },
      tags: [{ tag: '1', digest: root, boundAt: '2026-01-01T00:00:00.000Z' }],
      ...{ method: 'untagged' as const, quarantinedAt: '2026-05-01T00:00:00.000Z', until: '2026-05-08T00:00:00.000Z' },
    };
    expect(await store.quarantine(of, quarantine)).toBe(true);
    expect(await store.quarantine(of, { ...quarantine, why: 'again' })).toBe(false);
    expect(await store.quarantined(of)).toEqual([quarantine]);
    for (const digest of [root, part]) expect(await store.quarantineOf({ ...of, digest })).toEqual(quarantine);
    expect(await store.quarantineOf({ ...of, digest: digestOf('other') })).toBeUndefined();
    const back = { tag: '1', digest: root, boundAt: '2026-01-01T00:00:00.000Z', until: '2026-05-02T00:00:00.000Z' };
    await store.endQuarantine(of, quarantine, [back]);
    await store.endQuarantine(of, quarantine, []);
    expect(await store.quarantined(of)).toEqual([]);
    expect(await store.quarantineOf({ ...of, digest: part })).toBeUndefined();
    expect(await store.restoredTags(of)).toEqual([back]);
  });

  it('and when who reports what runs did so last', async () => {
    const store = kind === 'memory' ? memoryRetention(clock) : dynamoRetention(table(), clock);
    const name = `eks/${kind}`;
    expect(await store.lastReport(name)).toBeUndefined();
    await store.reported(name, '2026-05-02T00:00:00.000Z');
    await store.reported(name, '2026-05-01T00:00:00.000Z');
    expect(await store.lastReport(name)).toBe('2026-05-02T00:00:00.000Z');
    const of = { registry: `uses-${kind}.example`, repository: 'app' };
    expect(await store.uses(of)).toBeUndefined();
    await store.used(of, { digest: digestOf('a'), usedAt: '2026-05-02T00:00:00.000Z' });
    expect(await store.uses(of)).toEqual({
      since: '2026-05-02T00:00:00.000Z',
      last: new Map([[digestOf('a'), '2026-05-02T00:00:00.000Z']]),
    });
  });
});
