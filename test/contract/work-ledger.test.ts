import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manualClock } from '../../lib/core/clock.ts';
import { draftEvent, imagePushed } from '../../lib/events/index.ts';
import { dynamoLedger } from '../../lib/work/adapters/dynamo-ledger.ts';
import { memoryLedger } from '../../lib/work/adapters/memory-ledger.ts';
import type { WorkLedger } from '../../lib/work/index.ts';
import { startDynamo } from '../support/dynamo.ts';

const outcome = [
  draftEvent(imagePushed, {
    subject: { registry: 'r.example', repository: 'app', digest: `sha256:${'a'.repeat(64)}`, tags: ['1'] },
    origin: 'manual',
    pushedAt: '2026-01-01T00:00:00.000Z',
  }),
];

let dynamo: Awaited<ReturnType<typeof startDynamo>>;
beforeAll(async () => {
  dynamo = await startDynamo();
});
afterAll(() => dynamo.close());

const kinds = {
  memory: (clock: ReturnType<typeof manualClock>): WorkLedger => memoryLedger(clock),
  dynamodb: (clock: ReturnType<typeof manualClock>): WorkLedger => dynamoLedger(dynamo.table, clock),
};

describe.each(Object.entries(kinds))('the work ledger (%s)', (kind, make) => {
  let count = 0;
  const setup = () => {
    const clock = manualClock();
    count++;
    return { clock, ledger: make(clock), key: { subject: `${kind}-${count}`, stage: 'sbom', version: '1' } };
  };

  it('gives the work to one of many who ask at once', async () => {
    const { ledger, key } = setup();
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => ledger.begin(key, `owner-${i}`, 1_000)));
    expect(answers.filter((answer) => answer.kind === 'started')).toHaveLength(1);
    expect(answers.filter((answer) => answer.kind === 'held')).toHaveLength(19);
  });

  it('says until when the lease is held, and gives the work away only after that', async () => {
    const { ledger, key, clock } = setup();
    await ledger.begin(key, 'first', 1_000);
    clock.advance(999);
    expect(await ledger.begin(key, 'second', 1_000)).toEqual({
      kind: 'held',
      until: new Date('2026-01-01T00:00:01.000Z'),
    });
    clock.advance(1);
    expect(await ledger.begin(key, 'second', 1_000)).toEqual({ kind: 'started', attempt: 2 });
  });

  it('keeps a lease that its holder renews, and no other', async () => {
    const { ledger, key, clock } = setup();
    await ledger.begin(key, 'first', 1_000);
    clock.advance(900);
    expect(await ledger.renew(key, 'first', 1_000)).toBe(true);
    expect(await ledger.renew(key, 'second', 9_000)).toBe(false);
    clock.advance(900);
    expect((await ledger.begin(key, 'second', 1_000)).kind).toBe('held');
    clock.advance(100);
    expect((await ledger.begin(key, 'second', 1_000)).kind).toBe('started');
    expect(await ledger.renew(key, 'first', 1_000)).toBe(false);
    await ledger.complete(key, 'second', outcome);
    expect(await ledger.renew(key, 'second', 1_000)).toBe(false);
    expect((await ledger.begin(key, 'third', 1_000)).kind).toBe('completed');
  });

  it('lets only the holder complete, and keeps what was published', async () => {
    const { ledger, key, clock } = setup();
    await ledger.begin(key, 'first', 1_000);
    clock.advance(2_000);
    await ledger.begin(key, 'second', 1_000);
    expect(await ledger.complete(key, 'first', [])).toBe(false);
    expect(await ledger.complete(key, 'second', outcome)).toBe(true);
    expect(await ledger.begin(key, 'third', 1_000)).toEqual({ kind: 'completed', outcome });
    clock.advance(1_000_000);
    expect((await ledger.begin(key, 'fourth', 1_000)).kind).toBe('completed');
  });

  it('takes back a released lease at once, and ignores a release by who lost it', async () => {
    const { ledger, key, clock } = setup();
    await ledger.begin(key, 'first', 1_000);
    await ledger.release(key, 'first');
    expect(await ledger.begin(key, 'second', 1_000)).toEqual({ kind: 'started', attempt: 2 });
    await ledger.release(key, 'first');
    clock.advance(10);
    expect((await ledger.begin(key, 'third', 1_000)).kind).toBe('held');
  });

  it('treats another version as other work, and lists all of a subject', async () => {
    const { ledger, key } = setup();
    await ledger.begin(key, 'first', 1_000);
    await ledger.complete(key, 'first', outcome);
    expect(await ledger.begin({ ...key, version: '2' }, 'first', 1_000)).toEqual({ kind: 'started', attempt: 1 });
    const records = await ledger.list(key.subject);
    expect(records.map(({ stage, version, state, attempts }) => ({ stage, version, state, attempts }))).toEqual([
      { stage: 'sbom', version: '1', state: 'completed', attempts: 1 },
      { stage: 'sbom', version: '2', state: 'in-progress', attempts: 1 },
    ]);
    expect(records[0]?.outcome).toEqual(outcome);
  });

  it('lets the stages lapse that it is told to, done or under way, and keeps what they published', async () => {
    const { ledger, key } = setup();
    for (const stage of ['sbom', 'sign', 'expire']) await ledger.begin({ ...key, stage }, 'first', 1_000);
    await ledger.complete({ ...key, stage: 'sbom' }, 'first', outcome);
    await ledger.lapse(key.subject, ['sbom', 'sign', 'gate']);
    const records = (await ledger.list(key.subject)).map(({ stage, state, outcome }) => ({ stage, state, outcome }));
    expect(records.sort((a, b) => (a.stage < b.stage ? -1 : 1))).toEqual([
      { stage: 'expire', state: 'in-progress', outcome: [] },
      { stage: 'sbom', state: 'lapsed', outcome },
      { stage: 'sign', state: 'lapsed', outcome: [] },
    ]);
    expect(await ledger.complete({ ...key, stage: 'sign' }, 'first', outcome)).toBe(false);
    expect(await ledger.begin(key, 'second', 1_000)).toEqual({ kind: 'started', attempt: 2 });
    expect((await ledger.begin(key, 'third', 1_000)).kind).toBe('held');
    expect(await ledger.complete(key, 'second', outcome)).toBe(true);
  });
});
