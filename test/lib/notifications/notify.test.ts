import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { LadingError } from '../../../lib/core/errors.ts';
import {
  type Channel,
  describeEvent,
  type Notification,
  notificationsConfigSchema,
  notificationsFor,
  notify,
  rulesOf,
} from '../../../lib/notifications/index.ts';
import { memoryLedger } from '../../../lib/work/adapters/memory-ledger.ts';
import {
  decided,
  diverged,
  expired,
  finding,
  findings,
  lapsed,
  location,
  revoked,
  untrustedStarted,
} from './support.ts';

const config = notificationsConfigSchema.parse({
  webhooks: [
    { name: 'all', url: 'https://all.example/hook' },
    { name: 'urgent', url: 'https://urgent.example/hook', minimumSeverity: 'critical' },
    { name: 'gate', url: 'https://gate.example/hook', events: ['Gate Decided'], minimumSeverity: 'warning' },
  ],
});
const rules = rulesOf(config);

describe('what is told of an event', () => {
  it.each([
    [decided('allow'), 'info', 'r.example/team/app:1.2 (sha256:aaaaaaaaaaaa) is allowed'],
    [decided('quarantine'), 'warning', 'r.example/team/app:1.2 (sha256:aaaaaaaaaaaa) is quarantined'],
    [decided('deny'), 'critical', 'r.example/team/app:1.2 (sha256:aaaaaaaaaaaa) is denied'],
    [
      findings({ fixed: [finding('CVE-1', 'critical')] }),
      'info',
      'Findings of r.example/team/app:1.2 (sha256:aaaaaaaaaaaa): 1 fixed',
    ],
    [findings({ appeared: [finding('CVE-1', 'medium')] }), 'info', /: 1 new$/],
    [findings({ appeared: [finding('CVE-1', 'medium')], archived: true }), 'info', / \(archived\): 1 new$/],
    [findings({ appeared: [finding('CVE-1', 'HIGH')] }), 'warning', /: 1 new$/],
    [findings({ appeared: [finding('CVE-1', 'low'), finding('CVE-2', 'critical')] }), 'critical', /: 2 new$/],
    [findings({ knownExploited: [finding('CVE-1', 'low')] }), 'critical', /: 1 known exploited$/],
    [diverged('missing'), 'warning', /^The replica of .* in b\.example\/team\/app is missing$/],
    [diverged('corrupted'), 'critical', /is corrupted$/],
    [lapsed(), 'warning', /has lapsed$/],
    [expired(), 'info', /was deleted, 3 manifests in all$/],
  ])('%# is told as it matters', (event, severity, title) => {
    const told = describeEvent(event);
    expect(told).toMatchObject({
      severity,
      subject: location,
      correlationId: 'push-1',
      time: '2026-04-04T04:04:04.000Z',
    });
    expect(told?.title).toMatch(title);
  });

  it('tells of an image that runs and is not trusted, and whether it goes on', () => {
    expect(describeEvent(untrustedStarted(true))).toMatchObject({
      severity: 'critical',
      subject: location,
      title: 'r.example/team/app:1.2 (sha256:aaaaaaaaaaaa) runs in ECS task prod/web and is not trusted',
      lines: ['unsigned: nobody  signed it', 'it was told to stop'],
    });
    expect(describeEvent(untrustedStarted(false))?.lines[1]).toBe('it was not told to stop');
  });

  it('tells of a revoked key, which is about no image', () => {
    expect(describeEvent(revoked())).toMatchObject({
      severity: 'critical',
      subject: 'key k1',
      correlationId: 'push-1',
      title: 'The signing key k1 was revoked',
      lines: ['it was leaked', expect.stringContaining('2026-04-04T04:04:00.000Z')],
    });
    expect(notificationsFor(revoked(), rules).map(({ channel }) => channel)).toEqual([
      'log',
      'webhook:all',
      'webhook:urgent',
    ]);
  });

  it('has nothing to tell of other events, and refuses a broken one', () => {
    expect(describeEvent({ ...lapsed(), 'detail-type': 'Image Pushed' })).toBeUndefined();
    expect(describeEvent({ ...lapsed(), 'detail-type': 'constructor' })).toBeUndefined();
    expect(() => describeEvent({ ...lapsed(), detail: {} })).toThrow(
      expect.objectContaining({ code: 'event-invalid' }),
    );
  });

  it('keeps strangers’ text to one plain line of bounded length', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { maxLength: 5 }), (reasons) => {
        const long = Array.from({ length: 30 }, () => reasons.join('').repeat(10));
        const told = describeEvent(decided('deny', [...reasons, ...long]));
        for (const line of [told?.title ?? '', ...(told?.lines ?? [])]) {
          expect(line.length).toBeLessThanOrEqual(500);
          expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u);
        }
        expect(told?.lines.length).toBeLessThanOrEqual(20);
      }),
    );
    expect(describeEvent(decided('deny', ['a\r\nb\u001b[31mc\u202ed']))?.lines[0]).toBe('a b [31mc d');
  });
});

describe('who is told', () => {
  const channelsFor = (event: Parameters<typeof notificationsFor>[0]) =>
    notificationsFor(event, rules).map((one) => one.channel);

  it('follows events and severities', () => {
    expect(channelsFor(decided('allow'))).toEqual(['log', 'webhook:all']);
    expect(channelsFor(decided('quarantine'))).toEqual(['log', 'webhook:all', 'webhook:gate']);
    expect(channelsFor(decided('deny'))).toEqual(['log', 'webhook:all', 'webhook:urgent', 'webhook:gate']);
    expect(channelsFor(lapsed())).toEqual(['log', 'webhook:all']);
    expect(channelsFor({ ...lapsed(), 'detail-type': 'Image Pushed' })).toEqual([]);
  });

  it('has one dedupe key per event and channel, the same in every delivery', () => {
    const keys = (event: Parameters<typeof notificationsFor>[0]) =>
      notificationsFor(event, rules).map((one) => one.dedupeKey);
    expect(keys({ ...decided('deny'), id: 'another delivery', time: 'later' })).toEqual(keys(decided('deny')));
    const all = [...keys(decided('deny')), ...keys(lapsed()), ...keys(expired())];
    expect(new Set(all).size).toBe(all.length);
  });

  it('refuses a configuration that it could not keep to', () => {
    const parse = (webhook: object) =>
      notificationsConfigSchema.safeParse({ webhooks: [{ name: 'x', url: 'https://x.example', ...webhook }] }).success;
    expect(parse({})).toBe(true);
    expect(parse({ url: 'http://x.example' })).toBe(false);
    expect(parse({ events: ['Image Pushed'] })).toBe(false);
    expect(parse({ minimumSeverity: 'high' })).toBe(false);
    expect(parse({ typo: 1 })).toBe(false);
  });
});

describe('telling', () => {
  function setup() {
    const told: string[] = [];
    const failing = new Set<string>();
    const channel = (name: string): Channel => ({
      name,
      async send({ id }: Notification) {
        if (failing.has(name))
          throw new LadingError('notification-undelivered', `${name} is down`, { retryable: true });
        told.push(`${name} ${id}`);
      },
    });
    const clock = manualClock();
    const ports = { ledger: memoryLedger(clock), channels: rules.map((rule) => channel(rule.channel)) };
    let attempts = 0;
    const deliver = (event = decided('deny')) =>
      notify(ports, { event, rules, owner: `attempt-${++attempts}`, leaseMs: 1000 });
    return { told, failing, clock, ports, deliver };
  }
  const all = ['log', 'webhook:all', 'webhook:urgent', 'webhook:gate'];

  it('tells each channel once, however often the event is delivered', async () => {
    const { told, deliver } = setup();
    expect(await deliver()).toEqual({ sent: all, before: [] });
    expect(await deliver()).toEqual({ sent: [], before: all });
    expect(told).toHaveLength(4);
    await deliver(lapsed());
    expect(told).toHaveLength(6);
  });

  it('lets one channel fail without the others, and tries only that one again', async () => {
    const { told, failing, deliver } = setup();
    failing.add('webhook:urgent');
    await expect(deliver()).rejects.toMatchObject({ code: 'notification-undelivered', retryable: true });
    expect(told).toHaveLength(3);
    failing.clear();
    expect(await deliver()).toEqual({
      sent: ['webhook:urgent'],
      before: all.filter((name) => name !== 'webhook:urgent'),
    });
    expect(told).toHaveLength(4);
  });

  it('does not tell twice when two deliveries overlap', async () => {
    const { told, deliver } = setup();
    const [one, other] = await Promise.allSettled([deliver(), deliver()]);
    expect([one?.status, other?.status].sort()).toEqual(['fulfilled', 'rejected']);
    expect(told).toHaveLength(4);
    expect(await deliver()).toEqual({ sent: [], before: all });
  });

  it('says when the configuration names a channel that was not made', async () => {
    const { ports } = setup();
    const request = { event: lapsed(), rules, owner: 'x', leaseMs: 1000 };
    await expect(notify({ ...ports, channels: [] }, request)).rejects.toMatchObject({ code: 'notification-refused' });
  });
});
