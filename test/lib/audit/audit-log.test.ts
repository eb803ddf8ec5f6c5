import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { dynamoAudit } from '../../../lib/audit/adapters/dynamo-audit.ts';
import { memoryAudit } from '../../../lib/audit/adapters/memory-audit.ts';
import {
  type AuditBlocks,
  type AuditEntry,
  type AuditIndex,
  type AuditLog,
  createAuditLog,
  GENESIS,
  verifyChain,
} from '../../../lib/audit/index.ts';
import { manualClock } from '../../../lib/core/clock.ts';
import { startDynamo } from '../../support/dynamo.ts';
import { event, eventsOf, range } from './support.ts';

interface Rows {
  readonly blocks: AuditBlocks;
  readonly index: AuditIndex;
}

const clock = manualClock('2026-03-03T12:00:01.000Z');
const logOn = (rows: Rows): AuditLog => createAuditLog({ ...rows, clock });
const idsOf = (entries: readonly AuditEntry[]) => entries.map(({ eventId }) => eventId);
const everything = (log: AuditLog) => log.list(0, 10_000);

const running: (() => Promise<void>)[] = [];
afterAll(async () => {
  await Promise.all(running.map((stop) => stop()));
});

/** A table of its own for each trail. */
async function onDynamo(): Promise<Rows> {
  const { client, close } = await startDynamo('audit');
  running.push(close);
  return dynamoAudit(client, 'audit');
}

const kinds: Record<string, () => Promise<Rows>> = { memory: async () => memoryAudit(), dynamodb: onDynamo };

describe.each(Object.entries(kinds))('the audit trail (%s)', (_kind, make) => {
  it('is empty at first', async () => {
    const log = logOn(await make());
    expect(await log.head()).toEqual(GENESIS);
    expect(await log.list(0, 10)).toEqual([]);
    expect(await log.append([])).toEqual({ appended: [], before: GENESIS, head: GENESIS });
  });

  it('appends in order and says where the trail was and is', async () => {
    const log = logOn(await make());
    const first = await log.append(eventsOf(1, 3));
    expect(first).toMatchObject({ before: GENESIS, head: { seq: 3, hash: first.appended[2]?.hash } });
    const second = await log.append([event(4)]);
    expect(second.before).toEqual({ ...first.head, recordedAt: '2026-03-03T12:00:01.000Z' });
    expect(second.appended).toMatchObject([{ seq: 4, prevHash: first.head.hash, eventId: 'event-4' }]);
    expect(await log.head()).toEqual(second.head);
    expect(await verifyChain(await everything(log))).toEqual({ kind: 'intact', entries: 4, head: second.head });
  });

  it('keeps each event once: in one call, in many, and in another process', async () => {
    const rows = await make();
    const log = logOn(rows);
    const { appended } = await log.append([event(1), event(2), event(1), event(2)]);
    expect(idsOf(appended)).toEqual(['event-1', 'event-2']);
    expect((await log.append([event(2), event(3), event(1)])).appended).toMatchObject([{ seq: 3, eventId: 'event-3' }]);
    expect((await logOn(rows).append(eventsOf(1, 3))).appended).toEqual([]);
    expect(await everything(log)).toHaveLength(3);
  });

  it('lists any part, across blocks of any size', async () => {
    const rows = await make();
    const log = logOn(rows);
    await log.append(eventsOf(1, 60));
    for (const n of range(61, 70)) await log.append([event(n)]);
    for (const [after, limit] of [
      [0, 5],
      [0, 100],
      [23, 4],
      [24, 1],
      [25, 30],
      [59, 5],
      [69, 5],
      [70, 5],
      [500, 5],
    ] as const) {
      const wanted = range(1, 70)
        .filter((n) => n > after)
        .slice(0, limit);
      expect(idsOf(await log.list(after, limit))).toEqual(wanted.map((n) => `event-${n}`));
    }
  });

  it('gives many who append at once one trail with each event once', async () => {
    const rows = await make();
    const batches = range(0, 7).map((n) => eventsOf(n * 5 + 1, n * 5 + 15));
    const results = await Promise.all(batches.map((batch) => logOn(rows).append(batch)));
    const entries = await everything(logOn(rows));
    expect(idsOf(entries).sort()).toEqual(idsOf(eventsOf(1, 50) as AuditEntry[]).sort());
    expect(await verifyChain(entries)).toMatchObject({ kind: 'intact', entries: 50 });
    const told = results.flatMap(({ appended }) => appended).sort((a, b) => a.seq - b.seq);
    expect(told).toEqual(entries);
  });

  it('keeps any detail exactly, so that its hash still fits', async () => {
    const rows = await make();
    const detail = JSON.parse(
      '{"__proto__":{"a":1},"constructor":"x","n":-0.0,"e":1e-7,"s":"\\ud800 ü 雨 \\u2028","z":[null,true]}',
    );
    await logOn(rows).append([{ ...event('odd'), detail }]);
    const [entry] = await everything(logOn(rows));
    expect(JSON.stringify(entry?.detail)).toBe(JSON.stringify(detail));
    expect(await verifyChain(await everything(logOn(rows)))).toMatchObject({ kind: 'intact' });
  });

  it('splits what one row cannot hold', async () => {
    const rows = await make();
    const big = range(1, 60).map((n) => ({ ...event(n), detail: 'x'.repeat(15_000) }));
    const { appended } = await logOn(rows).append(big);
    expect(appended).toHaveLength(60);
    expect((await rows.blocks.from(1, 100)).length).toBeGreaterThan(3);
    expect(await verifyChain(await everything(logOn(rows)))).toMatchObject({ kind: 'intact', entries: 60 });
  });
});

describe('the audit trail', () => {
  /** Counts calls, and fails where it is told to. */
  function watched(rows: Rows, failAt?: string) {
    const calls: string[] = [];
    const watch =
      <A extends unknown[], R>(name: string, call: (...given: A) => Promise<R>) =>
      async (...given: A): Promise<R> => {
        calls.push(name);
        if (failAt === `before ${name}`) throw new Error('crash');
        const result = await call(...given);
        if (failAt === `after ${name}`) throw new Error('crash');
        return result;
      };
    const { blocks, index } = rows;
    return {
      calls,
      blocks: {
        putIfAbsent: watch('put', blocks.putIfAbsent),
        last: watch('last', blocks.last),
        from: watch('from', blocks.from),
      },
      index: { known: watch('known', index.known), add: watch('add', index.add) },
    };
  }

  it('appends 25 events with three table operations in a warm process', async () => {
    const rows = watched(memoryAudit());
    const log = logOn(rows);
    await log.append(eventsOf(1, 25));
    expect(rows.calls).toEqual(['last', 'known', 'put', 'add']);
    rows.calls.length = 0;
    await log.append(eventsOf(26, 50));
    expect(rows.calls).toEqual(['known', 'put', 'add']);
    rows.calls.length = 0;
    await log.append(eventsOf(26, 50));
    expect(rows.calls).toEqual(['known']);
  });

  it.each(['before last', 'before known', 'before put', 'after put', 'before add', 'after add'])(
    'neither loses nor doubles an event when a process dies %s',
    async (failAt) => {
      const rows = memoryAudit();
      await logOn(rows).append(eventsOf(1, 3));
      await expect(logOn(watched(rows, failAt)).append(eventsOf(3, 6))).rejects.toThrow('crash');
      await logOn(rows).append(eventsOf(3, 6));
      await logOn(rows).append(eventsOf(1, 7));
      const entries = await everything(logOn(rows));
      expect(idsOf(entries)).toEqual(range(1, 7).map((n) => `event-${n}`));
      expect(await verifyChain(entries)).toMatchObject({ kind: 'intact' });
    },
  );

  it('goes on in the same process after a call that failed on either side of the write', async () => {
    for (const side of ['before', 'after']) {
      const rows = memoryAudit();
      let fail = false;
      const log = logOn({
        index: rows.index,
        blocks: {
          ...rows.blocks,
          async putIfAbsent(block) {
            if (fail && side === 'before') throw new Error('timeout');
            const done = await rows.blocks.putIfAbsent(block);
            if (fail) throw new Error('timeout');
            return done;
          },
        },
      });
      await log.append([event(1)]);
      fail = true;
      await expect(log.append([event(2)])).rejects.toThrow('timeout');
      fail = false;
      await log.append([event(2)]);
      await log.append([event(3)]);
      expect(idsOf(await everything(log))).toEqual(['event-1', 'event-2', 'event-3']);
    }
  });

  it('holds under every interleaving of several processes that are tried', async () => {
    const batches = fc.array(fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 4 }), {
      minLength: 2,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), batches, async (scheduler, given) => {
        const rows = memoryAudit();
        const scheduled: Rows = {
          blocks: {
            putIfAbsent: scheduler.scheduleFunction(rows.blocks.putIfAbsent),
            last: scheduler.scheduleFunction(rows.blocks.last),
            from: rows.blocks.from,
          },
          index: {
            known: scheduler.scheduleFunction(rows.index.known),
            add: scheduler.scheduleFunction(rows.index.add),
          },
        };
        const done = Promise.all(
          given.map(async (ids) => {
            const log = logOn(scheduled);
            for (const id of ids) await log.append([event(id), event(id + 1)]);
          }),
        );
        await scheduler.waitFor(done);
        const entries = await everything(logOn(rows));
        const wanted = new Set(given.flat().flatMap((id) => [`event-${id}`, `event-${id + 1}`]));
        expect(new Set(idsOf(entries))).toEqual(wanted);
        expect(entries).toHaveLength(wanted.size);
        expect(await verifyChain(entries)).toMatchObject({ kind: 'intact' });
      }),
      { numRuns: 80 },
    );
  });

  it('gives up, so that the message comes again, when others are always first', async () => {
    const rows = memoryAudit();
    const log = logOn({ index: rows.index, blocks: { ...rows.blocks, putIfAbsent: async () => false } });
    await expect(log.append([event(1)])).rejects.toMatchObject({ code: 'audit-contended', retryable: true });
  });
});
