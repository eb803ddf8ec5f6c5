import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseSchedule } from '../../../../../infra/local/services/scheduler/expression.ts';
import { LocalScheduler } from '../../../../../infra/local/services/scheduler/local-scheduler.ts';
import { LocalSchedules } from '../../../../../infra/local/services/scheduler/local-schedules.ts';

const from = new Date('2026-01-01T00:00:00Z');
const next = (expression: string, count = 3, timeZone = 'UTC'): string[] => {
  const schedule = parseSchedule(expression, from, timeZone);
  const times: string[] = [];
  for (let at = schedule.next(from); at !== undefined && times.length < count; at = schedule.next(at)) {
    times.push(at.toISOString().slice(0, 16));
  }
  return times;
};

describe('schedule expressions', () => {
  // The sample expressions of the EventBridge user guide, with their meaning as said there.
  it.each([
    ['cron(0 10 * * ? *)', ['2026-01-01T10:00', '2026-01-02T10:00', '2026-01-03T10:00']],
    ['cron(15 12 * * ? *)', ['2026-01-01T12:15', '2026-01-02T12:15', '2026-01-03T12:15']],
    ['cron(0 18 ? * MON-FRI *)', ['2026-01-01T18:00', '2026-01-02T18:00', '2026-01-05T18:00']],
    ['cron(0 8 1 * ? *)', ['2026-01-01T08:00', '2026-02-01T08:00', '2026-03-01T08:00']],
    ['cron(0/15 * * * ? *)', ['2026-01-01T00:15', '2026-01-01T00:30', '2026-01-01T00:45']],
    ['cron(0/10 * ? * MON-FRI *)', ['2026-01-01T00:10', '2026-01-01T00:20', '2026-01-01T00:30']],
    ['cron(0 9 ? * 2#1 *)', ['2026-01-05T09:00', '2026-02-02T09:00', '2026-03-02T09:00']],
    ['cron(0 9 ? * 6L *)', ['2026-01-30T09:00', '2026-02-27T09:00', '2026-03-27T09:00']],
    ['cron(0 9 ? * FRIL *)', ['2026-01-30T09:00', '2026-02-27T09:00', '2026-03-27T09:00']],
    ['cron(0 9 ? * L *)', ['2026-01-03T09:00', '2026-01-10T09:00', '2026-01-17T09:00']],
    ['cron(0 9 L * ? *)', ['2026-01-31T09:00', '2026-02-28T09:00', '2026-03-31T09:00']],
    ['cron(0 9 3W * ? *)', ['2026-01-02T09:00', '2026-02-03T09:00', '2026-03-03T09:00']],
    ['cron(0 9 ? * SAT-SUN *)', ['2026-01-03T09:00', '2026-01-04T09:00', '2026-01-10T09:00']],
    ['cron(0 9 ? * 1 *)', ['2026-01-04T09:00', '2026-01-11T09:00', '2026-01-18T09:00']],
    ['cron(0 0 1 1 ? 2027-2028)', ['2027-01-01T00:00', '2028-01-01T00:00']],
    ['rate(5 minutes)', ['2026-01-01T00:05', '2026-01-01T00:10', '2026-01-01T00:15']],
    ['rate(1 hour)', ['2026-01-01T01:00', '2026-01-01T02:00', '2026-01-01T03:00']],
    ['rate(2 days)', ['2026-01-03T00:00', '2026-01-05T00:00', '2026-01-07T00:00']],
    ['at(2026-06-01T13:00:00)', ['2026-06-01T13:00']],
    ['at(2025-06-01T13:00:00)', []],
  ])('%s', (expression, expected) => {
    expect(next(expression)).toEqual(expected);
  });

  it('are read in their time zone', () => {
    expect(next('cron(30 2 * * ? *)', 1, 'Europe/Berlin')).toEqual(['2026-01-01T01:30']);
    expect(next('at(2026-07-01T12:00:00)', 1, 'Europe/Berlin')).toEqual(['2026-07-01T10:00']);
  });

  it.each([
    'every 5 minutes',
    'rate(0 minutes)',
    'rate(5 fortnights)',
    'cron(0 10 * * *)',
    'cron(0 10 * * * *)',
    'cron(0 10 ? * ? *)',
    'cron(99 10 * * ? *)',
    'at(tomorrow)',
    'at(2026-13-45T00:00:00)',
  ])('%s is refused', (expression) => {
    expect(() => parseSchedule(expression, from)).toThrow(expect.objectContaining({ code: 'schedule-invalid' }));
  });
});

describe('the scheduler', () => {
  let scheduler: LocalScheduler;
  beforeEach(() => {
    vi.useFakeTimers({ now: from });
    scheduler = new LocalScheduler({ now: () => new Date() });
  });
  afterEach(() => {
    scheduler.close();
    vi.useRealTimers();
  });

  it('fires at each due time once it is started, and never after it is closed', async () => {
    const fired: string[] = [];
    scheduler.add({
      arn: 'a',
      expression: 'rate(1 minute)',
      targetArns: [],
      fire: (at) => fired.push(at.toISOString()),
    });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(fired).toEqual([]);
    scheduler.start();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(fired).toEqual(['2026-01-01T00:02:00.000Z', '2026-01-01T00:03:00.000Z']);
    scheduler.close();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(fired).toHaveLength(2);
  });

  it('waits longer than a timer can', async () => {
    const fired: string[] = [];
    scheduler.add({
      arn: 'a',
      expression: 'at(2026-03-01T00:00:00)',
      targetArns: [],
      fire: (at) => fired.push(at.toISOString()),
    });
    scheduler.start();
    expect(scheduler.upcoming()).toEqual([
      { arn: 'a', expression: 'at(2026-03-01T00:00:00)', next: new Date('2026-03-01T00:00:00Z') },
    ]);
    await vi.advanceTimersByTimeAsync(58 * 86_400_000);
    expect(fired).toEqual([]);
    await vi.advanceTimersByTimeAsync(2 * 86_400_000);
    expect(fired).toEqual(['2026-03-01T00:00:00.000Z']);
  });

  it('sends the input of a schedule, filled in, and the failures to its dead-letter queue', () => {
    const sent: [string, unknown][] = [];
    const failures: string[] = [];
    const schedules = new LocalSchedules({
      scheduler,
      deliver: (arn, body) => {
        if (arn.endsWith(':gone')) throw new Error('there is no queue');
        sent.push([arn, JSON.parse(body)]);
      },
      onFailure: (arn, why) => failures.push(`${arn}: ${why}`),
    });
    const create = (name: string, arn: string, input?: string, deadLetterArn?: string): void =>
      schedules.createSchedule({
        name,
        arn: `arn:${name}`,
        region: 'eu-central-1',
        accountId: '1',
        enabled: name !== 'off',
        expression: 'rate(1 day)',
        timeZone: 'UTC',
        target: { arn, input, deadLetterArn },
      });
    create('with', 'arn:aws:sqs:x:1:q', '{"at":"<aws.scheduler.scheduled-time>"}');
    create('without', 'arn:aws:sqs:x:1:q');
    create('off', 'arn:aws:sqs:x:1:q');
    create('bad', 'arn:aws:sqs:x:1:gone', '{}', 'arn:aws:sqs:x:1:dead');
    create('worse', 'arn:aws:sqs:x:1:gone', '{}');
    expect(() => create('api', 'arn:aws:scheduler:::aws-sdk:sqs:sendMessage')).toThrow(
      expect.objectContaining({ code: 'target-unsupported' }),
    );
    expect(scheduler.upcoming()).toHaveLength(4);
    expect(scheduler.run(({ enabled }) => enabled !== false)).toBe(4);
    expect(scheduler.run(({ arn }) => arn === 'arn:off')).toBe(1);
    expect(sent).toEqual([
      ['arn:aws:sqs:x:1:q', { at: '2026-01-01T00:00:00Z' }],
      ['arn:aws:sqs:x:1:q', expect.objectContaining({ source: 'aws.scheduler', resources: ['arn:without'] })],
      ['arn:aws:sqs:x:1:dead', {}],
      ['arn:aws:sqs:x:1:q', expect.objectContaining({ resources: ['arn:off'] })],
    ]);
    expect(failures).toEqual(['arn:worse: there is no queue']);
    expect(scheduler.run(({ targetArns }) => targetArns.includes('arn:none'))).toBe(0);
  });
});
