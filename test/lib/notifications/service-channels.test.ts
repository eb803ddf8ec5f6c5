import { describe, expect, it } from 'vitest';
import type { HttpsPost } from '../../../lib/notifications/adapters/https-post.ts';
import { memoryDigestQueue } from '../../../lib/notifications/adapters/memory-digest-queue.ts';
import { serviceChannel } from '../../../lib/notifications/adapters/service-channels.ts';
import { channelSchema, notificationsConfigSchema } from '../../../lib/notifications/config.ts';
import { toDigest } from '../../../lib/notifications/digests.ts';
import {
  type Channel,
  describeEvent,
  digested,
  type Notification,
  notificationsFor,
  notify,
  rulesOf,
  sendDigests,
} from '../../../lib/notifications/index.ts';
import { memoryLedger } from '../../../lib/work/adapters/memory-ledger.ts';
import { decided, finding, findings, location } from './support.ts';

const HOSTILE = '<!channel> @team [x](https://evil.example) {noformat} ```';
const notification = describeEvent(decided('deny', [HOSTILE, 'has CVE-1'])) as Notification;
const secrets = new Map([
  ['chat', 'https://hooks.slack.com/services/T/B/X'],
  ['teams', 'https://prod-1.westeurope.logic.azure.com/workflows/x'],
  ['inner', 'https://169.254.169.254/latest'],
  ['key', 'r0uting'],
  ['token', 't0ken'],
]);

function setUp(given: object, status = 202) {
  const sent: { url: URL; headers: Readonly<Record<string, string>>; body: string; allowPrivate: boolean }[] = [];
  const post: HttpsPost = async ({ url, headers, body, allowPrivate }) => {
    sent.push({ url, headers, body: Buffer.from(body).toString('utf8'), allowPrivate });
    return { status };
  };
  const channel = serviceChannel({
    channel: channelSchema.parse({ name: 'it', ...given }),
    allowHosts: notificationsConfigSchema.parse({}).allowHosts,
    secret: async (name) => secrets.get(name),
    signAws: async ({ service, region, headers }) => ({ ...headers, authorization: `AWS4 ${service} ${region}` }),
    post,
  });
  return { channel, sent, json: () => JSON.parse(sent[0]?.body ?? '') as Record<string, unknown> };
}

describe('telling people where they are', () => {
  it('Slack: plain text, so that nobody is called by a name of an image', async () => {
    const { channel, sent, json } = setUp({ kind: 'slack', url: 'chat' });
    await channel.send(notification);
    expect(sent[0]).toMatchObject({ url: new URL('https://hooks.slack.com/services/T/B/X'), allowPrivate: false });
    const { text, blocks } = json() as { text: string; blocks: { text: { type: string; text: string } }[] };
    expect(text).toContain('is denied');
    expect(blocks.every((block) => block.text.type === 'plain_text')).toBe(true);
    expect(blocks[1]?.text.text).toContain(location);
  });

  it('Teams: an adaptive card, its text without markup', async () => {
    const { channel, json } = setUp({ kind: 'teams', url: 'teams' });
    await channel.send(notification);
    const card = JSON.stringify(json());
    expect(card).toContain('AdaptiveCard');
    expect(card).toContain('\\\\[x\\\\]\\\\(https');
  });

  it('PagerDuty: one incident for a topic, as grave as it is', async () => {
    const { channel, json } = setUp({ kind: 'pagerduty', routingKey: 'key' });
    await channel.send(notification);
    expect(json()).toMatchObject({
      routing_key: 'r0uting',
      event_action: 'trigger',
      dedup_key: notification.topic,
      payload: { severity: 'critical', source: location },
    });
  });

  it('Jira and GitHub: an issue whose text is nothing but text', async () => {
    const jira = setUp({
      kind: 'jira',
      url: 'https://team.atlassian.net',
      project: 'SEC',
      user: 'bot@example.com',
      token: 'token',
    });
    await jira.channel.send(notification);
    expect(jira.sent[0]?.url.href).toBe('https://team.atlassian.net/rest/api/2/issue');
    const { fields } = jira.json() as { fields: { description: string; project: object } };
    expect(fields.project).toEqual({ key: 'SEC' });
    expect(fields.description.match(/\{noformat\}/g)).toHaveLength(2);
    const github = setUp({ kind: 'github', repository: 'team/app', token: 'token' });
    await github.channel.send(notification);
    expect(github.sent[0]).toMatchObject({
      url: new URL('https://api.github.com/repos/team/app/issues'),
      headers: { authorization: 'Bearer t0ken' },
    });
    expect((github.json() as { body: string }).body.match(/```/g)).toHaveLength(2);
  });

  it('SNS and mail: signed, to the region that is said', async () => {
    const sns = setUp({ kind: 'sns', topicArn: 'arn:aws:sns:eu-central-1:000000000000:alerts' }, 200);
    await sns.channel.send({ ...notification, title: 'Grüße 🚀' });
    expect(sns.sent[0]?.url.href).toBe('https://sns.eu-central-1.amazonaws.com/');
    expect(sns.sent[0]?.headers.authorization).toBe('AWS4 sns eu-central-1');
    const form = new URLSearchParams(sns.sent[0]?.body);
    expect(form.get('Subject')).toBe('Gr??e ??');
    expect(form.get('TopicArn')).toContain(':alerts');
    const mail = setUp({ kind: 'email', from: 'a@example.com', to: ['b@example.com'], region: 'eu-west-1' }, 200);
    await mail.channel.send(notification);
    expect(mail.sent[0]?.url.href).toBe('https://email.eu-west-1.amazonaws.com/v2/email/outbound-emails');
    expect(mail.json()).toMatchObject({
      FromEmailAddress: 'a@example.com',
      Destination: { ToAddresses: ['b@example.com'] },
    });
  });

  it.each([
    ['an address inside the network', { kind: 'slack', url: 'inner' }],
    [
      'a host that is not listed',
      { kind: 'jira', url: 'https://jira.evil.example', project: 'SEC', user: 'u', token: 'token' },
    ],
    [
      'what ends like a listed host',
      { kind: 'jira', url: 'https://evilatlassian.net', project: 'SEC', user: 'u', token: 'token' },
    ],
    ['nobody without its secret', { kind: 'slack', url: 'none' }],
  ])('does not call %s', async (_what, given) => {
    const { channel, sent } = setUp(given);
    await expect(channel.send(notification)).rejects.toMatchObject({ code: 'notification-refused', retryable: false });
    expect(sent).toEqual([]);
  });

  it.each([
    [500, 'notification-undelivered'],
    [429, 'notification-undelivered'],
    [400, 'notification-refused'],
    [302, 'notification-refused'],
  ])('takes an answer of %i for %s', async (status, code) => {
    const { channel } = setUp({ kind: 'slack', url: 'chat' }, status);
    await expect(channel.send(notification)).rejects.toMatchObject({ code });
  });
});

describe('telling once', () => {
  const config = notificationsConfigSchema.parse({
    channels: [
      { kind: 'github', name: 'issues', repository: 'team/app', token: 'token' },
      { kind: 'slack', name: 'chat', url: 'chat' },
    ],
  });

  it('opens one issue for the same matter of the next image, and tells a chat of each', async () => {
    const told: string[] = [];
    const channel = (name: string): Channel => ({ name, send: async ({ id }) => void told.push(`${name} ${id}`) });
    const channels = ['log', 'github:issues', 'slack:chat'].map(channel);
    const clock = { now: () => new Date('2026-05-01T00:00:00Z') };
    const ports = { ledger: memoryLedger(clock), channels };
    const rules = rulesOf(config);
    const first = decided('deny', ['has CVE-1']);
    const second = structuredClone(first);
    const { detail } = second as unknown as {
      detail: { metadata: { id: string }; data: { subject: { digest: string } } };
    };
    detail.metadata.id = 'another-event';
    detail.data.subject.digest = `sha256:${'b'.repeat(64)}`;
    for (const event of [first, second]) await notify(ports, { event, rules, owner: 'o', leaseMs: 1000 });
    expect(told.filter((one) => one.startsWith('github'))).toHaveLength(1);
    expect(told.filter((one) => one.startsWith('slack'))).toHaveLength(2);
    expect(notificationsFor(decided('deny', ['has CVE-2']), rules).map(({ subject }) => subject)).not.toContain(
      `topic ${(describeEvent(first) as Notification).topic}`,
    );
  });

  it('tells of nothing less than what was asked for', () => {
    expect(notificationsFor(decided('allow'), rulesOf(config)).map(({ channel }) => channel)).toEqual(['log']);
  });

  it('refuses two channels of one name', () => {
    const channel = { kind: 'slack', name: 'chat', url: 'chat' };
    expect(notificationsConfigSchema.safeParse({ channels: [channel, channel] }).success).toBe(false);
  });
});

describe('digests', () => {
  const others = [
    findings({ appeared: [finding('CVE-2', 'critical')] }),
    findings({ fixed: [finding('CVE-3', 'low')] }),
  ].map((event, i) => ({
    ...(describeEvent(event) as Notification),
    id: `n${i}`,
    time: `2026-05-0${i + 1}T00:00:00.000Z`,
  }));

  it('say the gravest first, and the same words once', () => {
    const digest = toDigest([
      ...others,
      { ...notification, id: 'n9', time: '2026-05-09T00:00:00.000Z' },
      { ...notification, id: 'n8' },
    ]);
    expect(digest?.severity).toBe('critical');
    expect(digest?.title).toBe('4 notifications about 1 repository');
    expect(digest?.lines.filter((line) => line.includes('is denied'))).toHaveLength(1);
    expect(toDigest([])).toBeUndefined();
    expect(toDigest([notification])).toBe(notification);
  });

  it('are sent once, with what waited; what failed waits on', async () => {
    const queue = memoryDigestQueue();
    const got: Notification[] = [];
    let fails = true;
    const channel: Channel = {
      name: 'slack:chat',
      async send(given) {
        if (fails) throw new Error('down');
        got.push(given);
      },
    };
    const waiting = digested(channel, queue);
    for (const one of [...others, others[0] as Notification]) await waiting.send(one);
    expect(got).toEqual([]);
    expect(await sendDigests(queue, [channel])).toMatchObject({ sent: 0, failures: [expect.any(Error)] });
    fails = false;
    expect((await sendDigests(queue, [channel])).sent).toBe(1);
    expect(got).toMatchObject([{ title: '2 notifications about 1 repository' }]);
    expect((await sendDigests(queue, [channel])).sent).toBe(0);
  });
});
