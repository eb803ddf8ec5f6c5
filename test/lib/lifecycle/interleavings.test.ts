import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Action, actions, meetings, race } from './race.ts';

/** `LADING_RETENTION_INTERLEAVINGS=50000` for as many. */
const numRuns = Number(process.env.LADING_RETENTION_INTERLEAVINGS ?? 400);

const check = (quarantineDays: number, runs: number, what = actions) =>
  fc.assert(
    fc.asyncProperty(fc.scheduler(), what, async (s, todo: readonly Action[]) => {
      expect(await race(s, todo, quarantineDays)).toEqual([]);
    }),
    { numRuns: runs },
  );

describe('deletions beside pushes, signatures, leases, holds, pulls and replication, with events lost', () => {
  it('never take what is leased, held, pulled, referenced, listed by an index or still to be copied', async () => {
    await check(0, Math.ceil(numRuns / 2));
  });

  it('never do so either where things are set aside before, and put back when they are used', async () => {
    await check(7, Math.ceil(numRuns / 2));
  });

  it('never take what comes to be used at the very moment of its deletion', async () => {
    await check(0, Math.ceil(numRuns / 2), meetings);
  });
});
