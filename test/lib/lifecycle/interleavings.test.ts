import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Action, actions, type Fault, meetings, race } from './race.ts';

/** `LADING_RETENTION_INTERLEAVINGS=50000` for as many. */
const numRuns = Number(process.env.LADING_RETENTION_INTERLEAVINGS ?? 400);

const check = (quarantineDays: number, runs: number, what = actions) =>
  fc.assert(
    fc.asyncProperty(fc.scheduler(), what, async (s, todo: readonly Action[]) => {
      expect(await race(s, todo, quarantineDays)).toEqual([]);
    }),
    { numRuns: runs },
  );

describe('deletions beside pushes, signatures, leases, holds, pulls, replication and restores, with events lost', () => {
  it('never take what is leased, held, pulled, referenced, listed by an index or still to be copied', async () => {
    await check(0, Math.ceil(numRuns / 2));
  });

  it('never do so either where things are set aside before, and put back when they are used', async () => {
    await check(7, Math.ceil(numRuns / 2));
  });

  it('never take what comes to be used at the very moment of its deletion', async () => {
    await check(0, Math.ceil(numRuns / 2), meetings);
  });

  // The other way round: what would be wrong is seen, or the three above say nothing.
  it.each<[Fault, RegExp]>([
    ['leases and holds are not asked', /deleted while it was|is (leased|on hold) and gone/],
    ['pulls are not told', /was pulled and deleted/],
    ['nothing waits to be copied', /was deleted before it was copied/],
    ['the registry tells only what the catalogue knows', /was deleted$/m],
    ['indexes that list it are not told', /a child of .* was deleted/],
    ['other tags that name it are not told', /what the tag .* names was deleted/],
    ['the archive keeps nothing', /was deleted before it was archived/],
  ])('would be caught where %s', async (fault, wrong) => {
    const { failed, errorInstance } = await fc.check(
      fc.asyncProperty(fc.scheduler(), fc.oneof(actions, meetings), async (s, todo) => {
        const found = await race(s, todo, 0, fault);
        if (found.length > 0) throw new Error(found.join('\n'));
      }),
      { numRuns: 3_000, endOnFailure: true },
    );
    expect(failed).toBe(true);
    expect(String(errorInstance)).toMatch(wrong);
  });
});
