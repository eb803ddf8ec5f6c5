import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startDeadline, transferTimeMs } from '../../../../lib/registry/adapters/http/deadline.ts';

describe('the time that a call may take', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('ends it, however busy the peer keeps the line', () => {
    const deadline = startDeadline(undefined, 5_000, 'the manifest');
    vi.advanceTimersByTime(4_999);
    expect(deadline.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(deadline.signal.reason).toMatchObject({
      code: 'registry-unavailable',
      retryable: true,
      message: 'the manifest took longer than 5 s',
    });
  });

  it('is over with the call, and leaves no timer', () => {
    const deadline = startDeadline(undefined, 5_000, 'x');
    deadline.clear();
    expect(vi.getTimerCount()).toBe(0);
    expect(deadline.signal.aborted).toBe(false);
  });

  it('passes the abort of the caller on, also one that came before', () => {
    const outer = new AbortController();
    const before = startDeadline(outer.signal, 5_000, 'x');
    const cleared = startDeadline(outer.signal, 5_000, 'x');
    cleared.clear();
    outer.abort('enough');
    expect(before.signal.reason).toBe('enough');
    expect(cleared.signal.aborted).toBe(false);
    expect(startDeadline(outer.signal, 5_000, 'x').signal.reason).toBe('enough');
  });

  it('grows with the size of a layer, and fits a timer', () => {
    expect(transferTimeMs(0)).toBe(60_000);
    expect(transferTimeMs(16_000_000)).toBe(1_060_000);
    expect(transferTimeMs(Number.MAX_SAFE_INTEGER)).toBe(2 ** 31 - 1);
  });
});
