import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { LadingError } from '../../../lib/core/errors.ts';
import type { EventBridgeEvent } from '../../../lib/events/index.ts';
import { memoryLedger } from '../../../lib/work/adapters/memory-ledger.ts';
import { handOver, runStage, type TaskRunner } from '../../../lib/work/index.ts';
import { memoryPublisher } from '../../support/memory-publisher.ts';

const key = { subject: 'image', stage: 'copy', version: '1' };
const event = { id: 'event' } as EventBridgeEvent;
const cause = {
  id: 'cause',
  schemaVersion: 1,
  correlationId: 'c',
  causationId: 'c',
  occurredAt: '2026-01-01T00:00:00Z',
};

function setup(start: TaskRunner['start'] = async () => undefined) {
  const clock = manualClock();
  const ledger = memoryLedger(clock);
  const started: { readonly owner: string; readonly id: string }[] = [];
  const notes: string[] = [];
  const tasks: TaskRunner = {
    async start(task, id) {
      await start(task, id);
      started.push({ owner: task.owner, id });
    },
  };
  let deliveries = 0;
  const deliver = () =>
    handOver(ledger, tasks, { key, event, owner: `function ${++deliveries}` }, (note) => void notes.push(note));
  const ports = { clock, ledger, publisher: memoryPublisher() };
  const work = (owner: string) => runStage(ports, { key, owner, leaseMs: 60_000, cause, perform: async () => [] });
  return { clock, ledger, started, notes, deliver, work };
}

const handedOver = { code: 'work-handed-over', retryable: true };

describe('work that is handed to a task', () => {
  it('is done by one task, which takes over the lease, however often its event comes', async () => {
    const { started, deliver, work } = setup();
    await expect(deliver()).rejects.toMatchObject(handedOver);
    await expect(deliver()).rejects.toMatchObject({ code: 'work-held' });
    await expect(work('somebody else')).rejects.toMatchObject({ code: 'work-held' });
    expect(started).toHaveLength(1);
    expect(started[0]?.id).toMatch(/^[0-9a-f]{64}$/);
    expect(await work(started[0]?.owner ?? '')).toBe('done');
    await deliver();
    expect(await work('function')).toBe('duplicate');
    expect(started).toHaveLength(1);
  });

  it('is given to another task where one died, at most three, and then is done without one', async () => {
    const { clock, ledger, started, notes, deliver, work } = setup();
    for (let i = 1; i <= 3; i++) {
      await expect(deliver()).rejects.toMatchObject(handedOver);
      // It begins, and is heard of no more.
      await ledger.begin(key, started.at(-1)?.owner ?? '', 15_000);
      await expect(deliver()).rejects.toMatchObject({ code: 'work-held' });
      expect(started).toHaveLength(i);
      clock.advance(15_001);
    }
    await deliver();
    expect(new Set(started.map(({ id }) => id)).size).toBe(3);
    expect(notes).toEqual([expect.stringContaining('did not end it')]);
    expect(await work('function')).toBe('done');
  });

  it('is done without a task where none can be started', async () => {
    const { notes, deliver, work } = setup(async () => {
      throw new LadingError('task-not-started', 'no room');
    });
    await deliver();
    expect(notes).toEqual([expect.stringContaining('no room')]);
    expect(await work('function')).toBe('done');
  });
});
