import { afterAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../lib/core/digest.ts';
import { locationKey } from '../../lib/core/image-reference.ts';
import { dynamoRunBudget, dynamoRunStore } from '../../lib/scanners/adapters/dynamo-run-store.ts';
import { memoryRunBudget, memoryRunStore } from '../../lib/scanners/adapters/memory-run-store.ts';
import type { RunStore, ScannerRun } from '../../lib/scanners/index.ts';
import type { RunBudget } from '../../lib/scanners/runs/ports.ts';
import { newRun, subject } from '../lib/scanners/support.ts';
import { startDynamo } from '../support/dynamo.ts';

const dynamo = await startDynamo('work');
afterAll(() => dynamo.close());
let count = 0;
/** Each test has scanners of its own: the table is one. */
const unique = (): string => `scanner-${count++}`;
let time = new Date('2026-11-24T10:00:00.000Z');
const now = () => time;

const runOf = (scanner: string, image: string, more: Partial<ScannerRun> = {}): ScannerRun =>
  newRun({ scanner, subject: { ...subject, digest: digestOf(image), tags: [] }, ...more });
const waiting = (notBefore: string): ScannerRun['state'] => ({ kind: 'waiting', reason: 'retry', notBefore });
const failed = (endedAt: string): ScannerRun['state'] => ({ kind: 'failed', endedAt, code: 'x', reason: 'y' });
const running = { kind: 'running', since: '2026-11-24T10:00:00.000Z', slot: 0, handle: 'h' } as const;

const stores: [string, () => RunStore][] = [
  ['in memory', memoryRunStore],
  ['in DynamoDB', () => dynamoRunStore(dynamo.table)],
];

describe.each(stores)('runs of scanners %s', (_where, make) => {
  it('are one for each image, scanner and day', async () => {
    const [store, scanner] = [make(), unique()];
    const run = runOf(scanner, `${scanner} a`);
    expect(await store.add(run)).toBe(true);
    expect(await store.add({ ...run, requestedBy: 'another' })).toBe(false);
    expect(await store.add({ ...run, day: '2026-11-25' })).toBe(true);
    expect((await store.of(locationKey(run.subject))).map(({ day, requestedBy }) => [day, requestedBy])).toEqual([
      ['2026-11-24', 'test'],
      ['2026-11-25', 'test'],
    ]);
  });

  it('are written by one of two who have read the same', async () => {
    const [store, scanner] = [make(), unique()];
    const run = runOf(scanner, `${scanner} a`);
    expect(await store.save(run)).toBe(false);
    await store.add(run);
    expect(await store.save({ ...run, state: running })).toBe(true);
    expect(await store.save({ ...run, attempts: 9 })).toBe(false);
    expect(await store.save({ ...run, state: running, attempts: 1, revision: 1 })).toBe(true);
    expect(await store.of(locationKey(run.subject))).toMatchObject([{ state: running, attempts: 1, revision: 2 }]);
  });

  it('are listed while they are open: those that run, then those that wait, by when they may go on', async () => {
    const [store, scanner] = [make(), unique()];
    for (const [image, state] of [
      ['late', waiting('2026-11-24T12:00:00.000Z')],
      ['soon', waiting('2026-11-24T11:00:00.000Z')],
      ['runs', running],
      ['over', failed('2026-11-24T11:00:00.000Z')],
    ] as const) {
      await store.add(runOf(scanner, `${scanner} ${image}`, { state }));
    }
    await store.add(runOf(unique(), 'of another scanner'));
    const named = (runs: readonly ScannerRun[]) =>
      runs.map(({ subject: { digest } }) =>
        ['late', 'soon', 'runs', 'over'].find((image) => digest === digestOf(`${scanner} ${image}`)),
      );
    expect(named(await store.open(scanner, 10))).toEqual(['runs', 'soon', 'late']);
    expect(named(await store.open(scanner, 1))).toEqual(['runs']);
  });

  it('are history when they have ended, the last first', async () => {
    const [store, scanner] = [make(), unique()];
    const one = runOf(scanner, `${scanner} a`, { state: failed('2099-01-01T00:00:00.000Z') });
    const two = runOf(scanner, `${scanner} b`, { state: failed('2099-01-02T00:00:00.000Z') });
    await store.add(one);
    await store.add(two);
    expect((await store.ended(2)).map(({ subject: { digest } }) => digest)).toEqual(
      [two, one].map((run) => run.subject.digest),
    );
    expect(await store.open(scanner, 10)).toEqual([]);
    // Asked for again, it is open and no history.
    await store.save({ ...two, state: waiting('2026-11-24T11:00:00.000Z') });
    expect(await store.open(scanner, 10)).toHaveLength(1);
    expect((await store.ended(1)).map(({ subject: { digest } }) => digest)).toEqual([one.subject.digest]);
    await store.save({ ...one, state: waiting('2026-11-24T11:00:00.000Z') });
  });
});

const budgets: [string, () => RunBudget][] = [
  ['in memory', () => memoryRunBudget(now)],
  ['in DynamoDB', () => dynamoRunBudget(dynamo.table, now)],
];

describe.each(budgets)('budgets of scanners %s', (_where, make) => {
  const until = new Date('2026-11-24T11:00:00.000Z');

  it('give as many places as there are, and the same to who has one', async () => {
    const [budget, scanner] = [make(), unique()];
    const take = (run: string) => budget.takePlace(scanner, run, 2, until);
    expect(await take('a')).toBe(0);
    expect(await take('b')).toBe(1);
    expect(await take('c')).toBeUndefined();
    expect(await take('b')).toBe(1);
    // Only who has it gives it back.
    await budget.freePlace(scanner, 'c', 1);
    expect(await take('c')).toBeUndefined();
    await budget.freePlace(scanner, 'a', 0);
    expect(await take('c')).toBe(0);
    expect(await budget.takePlace(unique(), 'd', 1, until)).toBe(0);
  });

  it('take a place back whose run was lost', async () => {
    const [budget, scanner] = [make(), unique()];
    expect(await budget.takePlace(scanner, 'a', 1, until)).toBe(0);
    expect(await budget.takePlace(scanner, 'b', 1, until)).toBeUndefined();
    time = new Date('2026-11-24T11:00:01.000Z');
    expect(await budget.takePlace(scanner, 'b', 1, new Date('2026-11-24T12:00:00.000Z'))).toBe(0);
    time = new Date('2026-11-24T10:00:00.000Z');
  });

  it('never give more than there is to many at once', async () => {
    const [budget, scanner] = [make(), unique()];
    const places = await Promise.all(
      Array.from({ length: 12 }, (_, i) => budget.takePlace(scanner, `run ${i}`, 3, until)),
    );
    expect(places.filter((place) => place !== undefined).sort()).toEqual([0, 1, 2]);
    const charged = await Promise.all(Array.from({ length: 12 }, () => budget.charge(scanner, '2026-11-24', 5)));
    expect(charged.filter(Boolean)).toHaveLength(5);
    expect(await budget.charge(scanner, '2026-11-25', 5)).toBe(true);
  });
});
