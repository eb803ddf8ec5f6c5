import { describe, expect, it } from 'vitest';
import { Activity } from '../../../../infra/local/stack/activity.ts';

describe('settling', () => {
  it('waits until nothing goes on, and for a quiet while after that', async () => {
    let busy: string[] = ['1 invocations'];
    const activity = new Activity(() => busy);
    let settled = false;
    const settling = activity.settle({ quietMs: 20 }).then((result) => {
      settled = true;
      return result;
    });
    busy = [];
    activity.touch();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(settled).toBe(false);
    // Something new within the quiet while begins it anew.
    busy = ['2 messages in q'];
    activity.touch();
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(settled).toBe(false);
    expect(activity.idle()).toBe(false);
    busy = [];
    activity.touch();
    expect(await settling).toEqual({ settled: true, waitingFor: [] });
  });

  it('says what it still waits for when the time is up', async () => {
    const activity = new Activity(() => ['1 messages in lading-notify']);
    expect(await activity.settle({ timeoutMs: 10 })).toEqual({
      settled: false,
      waitingFor: ['1 messages in lading-notify'],
    });
  });
});
