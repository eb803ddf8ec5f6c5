import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { draftEvent, type EventMetadata, imagePushed } from '../../../lib/events/index.ts';
import { memoryLedger } from '../../../lib/work/adapters/memory-ledger.ts';
import { runStage, type StageWork } from '../../../lib/work/index.ts';
import { memoryPublisher } from '../../support/memory-publisher.ts';

const draft = draftEvent(imagePushed, {
  subject: { registry: 'r.example', repository: 'app', digest: `sha256:${'a'.repeat(64)}`, tags: [] },
  origin: 'manual',
  pushedAt: '2026-01-01T00:00:00.000Z',
});
const cause: EventMetadata = {
  id: 'cause',
  schemaVersion: 1,
  correlationId: 'push',
  causationId: 'push',
  occurredAt: '2026-01-01T00:00:00.000Z',
};

function setup() {
  const clock = manualClock();
  const ports = { clock, ledger: memoryLedger(clock), publisher: memoryPublisher() };
  let performed = 0;
  const work = (more: Partial<StageWork> = {}): StageWork => ({
    key: { subject: 'image', stage: 'test', version: '1' },
    owner: `owner ${Math.random()}`,
    leaseMs: 1_000,
    cause,
    perform: async () => {
      performed++;
      return [draft];
    },
    ...more,
  });
  return { ...ports, ports, work, performed: () => performed };
}

describe('a stage', () => {
  it('is performed once, however often its event comes', async () => {
    const { ports, work, publisher, performed } = setup();
    expect(await runStage(ports, work())).toBe('done');
    expect(await runStage(ports, work())).toBe('duplicate');
    expect(performed()).toBe(1);
    expect(publisher.events).toHaveLength(1);
    expect(publisher.events[0]?.detail.metadata).toMatchObject({ causationId: 'cause', correlationId: 'push' });
  });

  it('sends the message back while another works on it, and takes over when that one died', async () => {
    const { ports, work, clock, performed } = setup();
    const hanging = runStage(ports, work({ perform: () => new Promise(() => undefined) }));
    hanging.catch(() => undefined);
    await Promise.resolve();
    await expect(runStage(ports, work())).rejects.toMatchObject({ code: 'work-held', retryable: true });
    clock.advance(1_000);
    expect(await runStage(ports, work())).toBe('done');
    expect(performed()).toBe(1);
  });

  it('keeps its lease while it works, however long that takes, and takes none for longer than it can run', async () => {
    const { ports, work } = setup();
    const begun: number[] = [];
    let renewals = 0;
    const renewed = Promise.withResolvers<void>();
    const ledger = {
      ...ports.ledger,
      begin: (...args: Parameters<typeof ports.ledger.begin>) => {
        begun.push(args[2]);
        return ports.ledger.begin(...args);
      },
      renew: async () => {
        if (++renewals === 3) renewed.resolve();
        return true;
      },
    };
    await runStage({ ...ports, ledger }, work({ leaseMs: 30, perform: () => renewed.promise.then(() => [draft]) }));
    const after = renewals;
    await runStage({ ...ports, ledger }, work({ leaseMs: 900_000, key: { subject: 'b', stage: 'c', version: '1' } }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(begun).toEqual([30, 15_000]);
    expect(renewals).toBe(after);
  });

  it('waits a moment for another that is about to finish, where it may', async () => {
    const { ports, work, performed } = setup();
    let finish: (value: readonly []) => void = () => undefined;
    const first = runStage(
      ports,
      work({
        perform: () =>
          new Promise((resolve) => {
            finish = resolve;
          }),
      }),
    );
    await Promise.resolve();
    const pauses: number[] = [];
    const patience = {
      totalMs: 1_000,
      pause: async (ms: number) => {
        pauses.push(ms);
        if (pauses.length === 3) {
          finish([]);
          await first;
        }
      },
    };
    expect(await runStage({ ...ports, patience }, work())).toBe('duplicate');
    expect(pauses).toEqual([25, 50, 100]);
    expect(performed()).toBe(0);
  });

  it('can be tried again at once after a failure', async () => {
    const { ports, work, publisher } = setup();
    const perform = () => Promise.reject(new Error('registry down'));
    await expect(runStage(ports, work({ perform }))).rejects.toThrow('registry down');
    expect(publisher.events).toEqual([]);
    expect(await runStage(ports, work())).toBe('done');
  });

  it('is not done where there was nothing to work on', async () => {
    const { ports, work, publisher } = setup();
    expect(await runStage(ports, work({ perform: async () => undefined }))).toBe('nothing-there');
    expect(publisher.events).toEqual([]);
    expect(await runStage(ports, work())).toBe('done');
  });

  it('publishes the same event again when it crashed before it was marked complete', async () => {
    const { ports, work, publisher, clock } = setup();
    const ledger = {
      ...ports.ledger,
      complete: () => Promise.reject(new Error('crash')),
      release: () => Promise.reject(new Error('crash')),
    };
    await expect(runStage({ ...ports, ledger }, work())).rejects.toThrow('crash');
    clock.advance(1_000);
    await runStage(ports, work());
    const [first, second] = publisher.events.map((event) => event.detail.metadata.id);
    expect(second).toBe(first);
  });

  it('publishes its recorded outcome again for a sweep, marked as one', async () => {
    const { ports, work, publisher, performed } = setup();
    await runStage(ports, work());
    expect(await runStage(ports, work({ cause: { ...cause, id: 'sweep', sweep: true } }))).toBe('republished');
    expect(performed()).toBe(1);
    expect(publisher.events.map((event) => event.detail.metadata.sweep)).toEqual([undefined, true]);
    expect(publisher.events[1]?.detail.data).toEqual(draft.data);
  });
});
