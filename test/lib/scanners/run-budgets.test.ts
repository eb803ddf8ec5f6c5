import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../lib/core/digest.ts';
import { LadingError } from '../../../lib/core/errors.ts';
import { locationKey } from '../../../lib/core/image-reference.ts';
import type { ScannerRun } from '../../../lib/scanners/index.ts';
import { isEnded } from '../../../lib/scanners/runs/model.ts';
import type { Progress } from '../../../lib/scanners/runs/ports.ts';
import { passing, reported, running, setUp } from './run-support.ts';
import { subject } from './support.ts';

/** It is arranged for a day to come. */
const isNext = (state: ScannerRun['state']): boolean => state.kind === 'waiting' && state.reason === 'again';

describe('budgets of a scanner', () => {
  it('let so many run at once, the next when one has ended, and so many in a day', async () => {
    const { request, advance, script, ports, clock } = setUp({ concurrent: 2, perDay: 3 });
    for (const name of ['a', 'b', 'c', 'd']) await request(digestOf(name) as `sha256:${string}`);
    const kinds = async () =>
      (await ports.runs.open('trivy-server', 100))
        .filter(({ state }) => !isNext(state))
        .map(({ state }) => state.kind)
        .sort();
    await advance();
    expect(await kinds()).toEqual(['running', 'running', 'waiting', 'waiting']);
    await advance();
    expect(await kinds()).toEqual(['running', 'running', 'waiting', 'waiting']);
    script.look = [() => ({ kind: 'failed', code: 'x', reason: 'y' })];
    await advance();
    expect(await kinds()).toEqual(['running', 'waiting']);
    await advance();
    const [left] = await ports.runs.open('trivy-server', 100);
    expect(left?.state).toMatchObject({
      kind: 'waiting',
      reason: 'daily-budget',
      notBefore: '2026-11-25T00:00:00.000Z',
    });
    clock.advance(24 * 3_600_000);
    await advance();
    expect(await kinds()).toEqual(['running']);
  });

  it('hold whatever scanners do, and every run ends; only a completed one has a vote', async () => {
    const outcome = fc.constantFrom('running', 'reported', 'failed', 'passing', 'broken');
    const act = fc.record({
      minutes: fc.integer({ min: 0, max: 40 }),
      start: outcome,
      look: outcome,
      image: fc.integer({ min: 0, max: 5 }),
      asks: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(act, { maxLength: 25 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 8 }),
        async (acts, concurrent, perDay) => {
          const { request, advance, script, ports, clock, asked } = setUp({
            concurrent,
            perDay,
            timeoutMinutes: 30,
            againAfterDays: 365,
          });
          const does = (name: string) => (): Progress => {
            if (name === 'passing') throw passing;
            if (name === 'broken') throw new LadingError('scanner-protocol', 'not as documented');
            if (name === 'reported') return reported;
            return name === 'failed' ? { kind: 'failed', code: 'x', reason: 'y' } : running;
          };
          const images = Array.from({ length: 6 }, (_, i) => digestOf(`image ${i}`) as `sha256:${string}`);
          const all = async () =>
            (await Promise.all(images.map((digest) => ports.runs.of(locationKey({ ...subject, digest }))))).flat();
          const ends = new Map<string, ScannerRun>();
          const check = async (): Promise<void> => {
            const runs = await all();
            expect(
              runs.filter(({ state }) => state.kind === 'running' || state.kind === 'starting').length,
            ).toBeLessThanOrEqual(concurrent);
            for (const run of runs) {
              const key = `${run.subject.digest} ${run.day}`;
              if (ends.get(key)?.state.kind === 'completed') expect(run).toEqual(ends.get(key));
              if (isEnded(run.state)) ends.set(key, run);
            }
            for (const digest of images) {
              const voted = (await ports.votes.of(locationKey({ ...subject, digest }))).length > 0;
              const completed = runs.some((run) => run.subject.digest === digest && run.state.kind === 'completed');
              expect(voted).toBe(completed);
            }
          };
          for (const { minutes, start, look, image, asks } of acts) {
            clock.advance(minutes * 60_000);
            if (asks) await request(images[image] as `sha256:${string}`, 'command');
            script.start = [does(start)];
            script.look = [does(look)];
            await advance();
            await check();
          }
          const day = (await all()).filter(({ charged }) => charged === '2026-11-24').length;
          expect(day).toBeLessThanOrEqual(perDay);
          // A scanner that never answers: all the same, everything comes to an end.
          script.start = [() => running];
          script.look = [() => running];
          for (let hour = 0; hour < 24 * 8; hour++) {
            clock.advance(3_600_000);
            await advance();
          }
          await check();
          expect((await all()).every(({ state }) => isEnded(state) || isNext(state))).toBe(true);
          expect(asked.length).toBeGreaterThanOrEqual(ends.size === 0 ? 0 : 1);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('keep one run that fails from keeping the others', async () => {
    const { request, advance, ports, problems } = setUp({ concurrent: 5 });
    for (const name of ['a', 'b']) await request(digestOf(name) as `sha256:${string}`);
    const save = ports.runs.save;
    Object.assign(ports.runs, {
      save: async (run: ScannerRun) => {
        if (run.subject.digest === digestOf('a')) throw new Error('no table');
        return save(run);
      },
    });
    await advance();
    expect(problems).toEqual([expect.stringContaining('no table')]);
    expect((await ports.runs.open('trivy-server', 9)).map(({ state }) => state.kind).sort()).toEqual([
      'running',
      'waiting',
    ]);
  });
});
