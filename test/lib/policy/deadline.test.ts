import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deadlineOf, defaultDeadlineDays, type Waiver } from '../../../lib/policy/index.ts';
import type { Finding } from '../../../lib/vulnerabilities/index.ts';

const DAY = 86_400_000;
const START = Date.parse('2026-01-01T00:00:00Z');
const at = (day: number): string => new Date(START + day * DAY).toISOString();
const image = { registry: 'r.example', repository: 'team/app' };
const finding: Finding = {
  ...{ id: 'CVE-2026-1000', aliases: ['GHSA-a'], package: { name: 'left', version: '1', type: 'npm' } },
  ...{ severity: 'critical', fixedVersions: ['2'], fixState: 'fixed', locations: [], sources: [] },
  fixableSince: at(0),
};
const waiver = (from: number, to: number, more: Partial<Waiver> = {}): Waiver => ({
  ...{ id: 'w-0000000000000000', vulnerability: 'CVE-2026-1000', image: 'r.example/team/*' },
  ...{ reason: 'not reachable', author: 'someone', createdAt: at(from), until: at(to) },
  ...more,
});
const deadline = (day: number, ...waivers: Waiver[]) =>
  deadlineOf(finding, image, waivers, defaultDeadlineDays, new Date(START + day * DAY));

describe('a deadline', () => {
  it('runs from when it could be mended, and is over at its end', () => {
    expect(deadline(1)).toEqual({ dueAt: at(7), state: 'running' });
    expect(deadline(6.99)?.state).toBe('running');
    expect(deadline(7)).toEqual({ dueAt: at(7), state: 'overdue' });
  });

  it('stands while a waiver is in force, and runs on when it ends or is taken back', () => {
    const two = waiver(2, 5);
    expect(deadline(3, two)).toEqual({ dueAt: at(10), state: 'paused' });
    expect(deadline(5, two)).toEqual({ dueAt: at(10), state: 'running' });
    expect(deadline(10, two)?.state).toBe('overdue');
    expect(deadline(4, waiver(2, 100, { removed: { at: at(3), by: 'someone' } }))).toEqual({
      ...{ dueAt: at(8), state: 'running' },
    });
    // Two at once stop it once.
    expect(deadline(6, waiver(2, 5), waiver(3, 6))).toEqual({ dueAt: at(11), state: 'running' });
    // What is overdue is not made good by a waiver that comes later; it was before.
    expect(deadline(9, waiver(8, 20))).toEqual({ dueAt: at(7), state: 'overdue' });
    // One from before the fix holds from the fix on.
    expect(deadline(1, waiver(-5, 2))).toEqual({ dueAt: at(9), state: 'paused' });
  });

  it('is not moved by waivers about something else', () => {
    for (const other of [{ vulnerability: 'CVE-2026-2' }, { image: 'r.example/other/*' }, { package: 'right' }]) {
      expect(deadline(3, waiver(2, 5, other))).toEqual({ dueAt: at(7), state: 'running' });
    }
    expect(deadline(3, waiver(2, 5, { vulnerability: 'GHSA-a', package: 'left' }))?.state).toBe('paused');
  });

  it('is none without a fix, and for what has no limit', () => {
    const { fixableSince: _none, ...unfixed } = finding;
    expect(deadlineOf(unfixed, image, [], defaultDeadlineDays, new Date(START))).toBeUndefined();
    const unrated: Finding = { ...finding, severity: 'unknown' };
    expect(deadlineOf(unrated, image, [], defaultDeadlineDays, new Date(START))).toBeUndefined();
  });

  it('counts exactly the moments in which no waiver holds', () => {
    const span = fc.tuple(fc.integer({ min: -3, max: 20 }), fc.integer({ min: 1, max: 10 }));
    fc.assert(
      fc.property(fc.array(span, { maxLength: 5 }), (spans) => {
        const waivers = spans.map(([from, length]) => waiver(from, from + length));
        let day = 0;
        for (let run = 0; run < 7; day++) {
          if (!spans.some(([from, length]) => from <= day && day < from + length)) run++;
        }
        const due = Date.parse(deadline(0, ...waivers)?.dueAt ?? '');
        expect(due).toBe(START + day * DAY);
      }),
      { numRuns: 500 },
    );
  });
});
