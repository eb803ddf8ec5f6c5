import { describe, expect, it } from 'vitest';
import { isOpen } from '../../../lib/selection/index.ts';

describe('a time window', () => {
  it.each<[string, string, string, boolean, readonly ('mon' | 'sun')[] | undefined]>([
    ['22:00', '06:00', '2026-01-05T23:30:00Z', true, undefined],
    ['22:00', '06:00', '2026-01-05T05:59:00Z', true, undefined],
    ['22:00', '06:00', '2026-01-05T06:00:00Z', false, undefined],
    ['08:00', '09:00', '2026-01-05T08:00:00Z', true, ['mon']],
    ['08:00', '09:00', '2026-01-06T08:00:00Z', false, ['mon']],
    // A window of Sunday night is open on Monday morning.
    ['22:00', '06:00', '2026-01-05T03:00:00Z', true, ['sun']],
    ['22:00', '06:00', '2026-01-05T23:00:00Z', false, ['sun']],
  ])('is open from %s until %s: at %s %s', (from, until, now, expected, days) => {
    expect(isOpen([{ from, until, ...(days ? { days: [...days] } : {}) }], new Date(now))).toBe(expected);
    expect(isOpen(undefined, new Date(now))).toBe(true);
  });
});
