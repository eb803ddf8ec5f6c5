import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSchedule } from '../../../infra/local/services/scheduler/expression.ts';
import { replicationConfigSchema } from '../../../lib/replication/config.ts';
import { followSchedules } from '../../../lib/replication/index.ts';
import { parseRuleSchedule } from '../../../lib/replication/rule-schedule.ts';

const EPOCH = new Date(0);
const at = (text: string): Date => new Date(text);

describe('when a schedule was last due', () => {
  it.each([
    ['rate(6 hours)', '2026-11-24T17:59:00Z', '2026-11-24T12:00:00.000Z'],
    ['rate(1 day)', '2026-11-24T00:00:00Z', '2026-11-24T00:00:00.000Z'],
    ['cron(30 2 ? * MON-FRI *)', '2026-11-24T02:29:59Z', '2026-11-23T02:30:00.000Z'],
    ['cron(30 2 ? * MON-FRI *)', '2026-11-22T12:00:00Z', '2026-11-20T02:30:00.000Z'],
    ['cron(0/20 8-9,18 1 * ? *)', '2026-11-24T12:00:00Z', '2026-11-01T18:40:00.000Z'],
    ['cron(0 0 29 FEB ? *)', '2026-11-24T12:00:00Z', '2024-02-29T00:00:00.000Z'],
  ])('%s at %s: %s', (expression, now, expected) => {
    expect(parseRuleSchedule(expression)?.lastDue(at(now))?.toISOString()).toBe(expected);
  });

  it('is where the scheduler would have it next, and nothing lies between', () => {
    const field = (least: number, most: number) =>
      fc.oneof(
        fc.constant('*'),
        fc.integer({ min: least, max: most }).map(String),
        fc.tuple(fc.integer({ min: least, max: most }), fc.integer({ min: 1, max: 12 })).map(([n, by]) => `${n}/${by}`),
        fc
          .tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }))
          .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
      );
    const day = fc.oneof(
      field(1, 28).map((text) => [text, '?'] as const),
      fc.constantFrom('MON-FRI', 'SUN', 'TUE,THU', '1', '2-6', '*').map((text) => ['?', text] as const),
    );
    const time = fc.date({ min: at('2020-01-01T00:00:00Z'), max: at('2030-01-01T00:00:00Z'), noInvalidDate: true });
    fc.assert(
      fc.property(field(0, 59), field(0, 23), day, field(1, 12), time, (minute, hour, [dom, dow], month, now) => {
        const expression = `cron(${minute} ${hour} ${dom} ${month} ${dow} *)`;
        const last = parseRuleSchedule(expression)?.lastDue(now);
        const reference = parseSchedule(expression, EPOCH);
        if (last === undefined) throw new Error(expression);
        expect(last <= now).toBe(true);
        expect(reference.next(new Date(last.getTime() - 1))).toEqual(last);
        expect((reference.next(last) as Date) > now).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    '',
    'rate(0 hours)',
    'rate(1 week)',
    'cron(* * * * * *)',
    'cron(60 * ? * * *)',
    'cron(* * ? * L *)',
    '0 2 * * *',
    'cron(5-1 * ? * * *)',
  ])('is not told of %j', (text) => expect(parseRuleSchedule(text)).toBeUndefined());

  it('never is, for a date that there is not', () => {
    expect(parseRuleSchedule('cron(0 0 31 FEB ? *)')?.lastDue(at('2026-01-01T00:00:00Z'))).toBeUndefined();
  });
});

describe('a rule with a schedule of its own', () => {
  const config = replicationConfigSchema.parse({
    rules: [
      { name: 'nightly', from: 'a.example', to: [{ registry: 'b.example' }], schedule: 'cron(0 2 ? * * *)' },
      { name: 'always', from: 'a.example', to: [{ registry: 'c.example' }] },
    ],
  });
  const [nightly, always] = config.rules as [(typeof config.rules)[0], (typeof config.rules)[0]];
  const names = ['nightly', 'always'];

  it('waits for its first time, is due once each time, and stays due until all was asked for', () => {
    let before: { followed?: Record<string, string>; rules: string[] } | undefined;
    const sweep = (now: string, all = true): boolean => {
      const schedules = followSchedules(config, before, names, at(now));
      const due = schedules.isDue(nightly);
      expect(schedules.isDue(always)).toBe(true);
      const followed = schedules.next(all);
      before = { rules: names, ...(followed ? { followed } : {}) };
      return due;
    };
    expect(sweep('2026-11-24T12:00:00Z')).toBe(false);
    expect(sweep('2026-11-25T01:59:00Z')).toBe(false);
    expect(sweep('2026-11-25T02:10:00Z', false)).toBe(true);
    expect(sweep('2026-11-25T03:10:00Z', false)).toBe(true);
    expect(sweep('2026-11-25T04:10:00Z')).toBe(true);
    expect(sweep('2026-11-25T05:10:00Z')).toBe(false);
    expect(sweep('2026-11-27T00:00:00Z')).toBe(true);
  });

  it('is refused with an expression that is none', () => {
    const rules = [{ name: 'x', from: 'a.example', to: [{ registry: 'b.example' }], schedule: 'daily' }];
    expect(() => replicationConfigSchema.parse({ rules })).toThrow('rate');
  });
});
