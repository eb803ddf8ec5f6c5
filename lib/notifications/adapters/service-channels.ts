import { unreachable } from '../../core/errors.ts';
import type { NotificationChannel } from '../config.ts';
import { notificationError } from '../errors.ts';
import type { Notification, Severity } from '../model.ts';
import { channelName } from '../plan-notifications.ts';
import type { Channel } from '../ports.ts';
import { serviceCaller } from './call-service.ts';
import { type HttpsPost, httpsPost } from './https-post.ts';

/** Headers that sign a request to AWS (SigV4). */
export type SignAws = (request: {
  readonly service: 'sns' | 'ses';
  readonly region: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}) => Promise<Readonly<Record<string, string>>>;

export interface ServiceOptions {
  readonly channel: NotificationChannel;
  readonly allowHosts: readonly string[];
  /** A text of the secret `integrations`. */
  readonly secret: (name: string) => Promise<string | undefined>;
  readonly signAws: SignAws;
  readonly post?: HttpsPost;
}

const json = { 'content-type': 'application/json' } as const;

/** Tells people where they are: chats, pagers, issues, mail. Names of strangers are plain text everywhere. */
export function serviceChannel(options: ServiceOptions): Channel {
  const { channel, allowHosts, post = httpsPost() } = options;
  const name = channelName(channel);
  const secret = async (wanted: string): Promise<string> => {
    const text = await options.secret(wanted);
    if (text) return text;
    throw notificationError('notification-refused', `the secret "integrations" has no "${wanted}"`, {
      hint: 'it is a JSON object of names and texts; put it there, and redrive',
    });
  };
  const call = serviceCaller(name, post, allowHosts);
  return {
    name,
    send: (notification) => tell(channel, notification, { call, secret, post, signAws: options.signAws, name }),
  };
}

interface Means {
  readonly name: string;
  readonly call: ReturnType<typeof serviceCaller>;
  readonly secret: (name: string) => Promise<string>;
  readonly post: HttpsPost;
  readonly signAws: SignAws;
}

async function tell(channel: NotificationChannel, notification: Notification, means: Means): Promise<void> {
  const { call, secret } = means;
  switch (channel.kind) {
    case 'slack':
      return call(await secret(channel.url), json, JSON.stringify(slackMessage(notification)));
    case 'teams':
      return call(await secret(channel.url), json, JSON.stringify(teamsMessage(notification)));
    case 'pagerduty':
      return call(channel.url, json, JSON.stringify(pagerDutyEvent(notification, await secret(channel.routingKey))));
    case 'jira': {
      const login = Buffer.from(`${channel.user}:${await secret(channel.token)}`).toString('base64');
      const url = `${channel.url.replace(/\/+$/, '')}/rest/api/2/issue`;
      return call(url, { ...json, authorization: `Basic ${login}` }, JSON.stringify(jiraIssue(channel, notification)));
    }
    case 'github': {
      const url = `${channel.url.replace(/\/+$/, '')}/repos/${channel.repository}/issues`;
      const headers = {
        ...json,
        authorization: `Bearer ${await secret(channel.token)}`,
        accept: 'application/vnd.github+json',
      };
      const { title, body } = githubIssue(notification);
      return call(url, headers, JSON.stringify({ title, body, labels: channel.labels }));
    }
    case 'sns':
      return publishToSns(channel.topicArn, notification, means);
    case 'email':
      return sendMail(channel, notification, means);
    default:
      return unreachable(channel);
  }
}

const linesOf = ({ lines, subject }: Notification): readonly string[] => [...lines, subject];

/** Slack, "Formatting text for app surfaces": three characters are escaped, and plain text has no markup. */
function slackMessage(notification: Notification): object {
  const text = notification.title.replace(/[&<>]/g, (one) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[one] ?? '');
  const block = (plain: string): object => ({
    type: 'section',
    text: { type: 'plain_text', text: plain.slice(0, 2900) || ' ', emoji: false },
  });
  return { text, blocks: [block(notification.title), block(linesOf(notification).join('\n'))] };
}

/** A message with an adaptive card 1.4, as workflows of Teams take it; text blocks read a little Markdown. */
function teamsMessage(notification: Notification): object {
  const plain = (text: string): string => text.replace(/[\\[\]()*_#`~>|!]/g, '\\$&');
  const block = (text: string, more: object = {}): object => ({
    type: 'TextBlock',
    text: plain(text),
    wrap: true,
    ...more,
  });
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: [block(notification.title, { weight: 'Bolder' }), ...linesOf(notification).map((line) => block(line))],
        },
      },
    ],
  };
}

const pagerSeverity: Readonly<Record<Severity, string>> = { info: 'info', warning: 'warning', critical: 'critical' };

/** PagerDuty Events API v2; the topic as `dedup_key` makes more of the same one incident. */
const pagerDutyEvent = (notification: Notification, routingKey: string): object => ({
  routing_key: routingKey,
  event_action: 'trigger',
  dedup_key: notification.topic,
  payload: {
    summary: notification.title.slice(0, 1024),
    source: notification.subject,
    severity: pagerSeverity[notification.severity],
    timestamp: notification.time,
    component: notification.source,
    custom_details: { lines: notification.lines, event: notification.event, id: notification.id },
  },
});

/** Jira, REST API 2, "Create issue": the description is wiki markup, in which `{noformat}` means nothing else. */
const jiraIssue = (
  channel: Extract<NotificationChannel, { readonly kind: 'jira' }>,
  notification: Notification,
): object => ({
  fields: {
    project: { key: channel.project },
    issuetype: { name: channel.issueType },
    summary: notification.title.slice(0, 250),
    description: `{noformat}\n${linesOf(notification).join('\n').replaceAll('{noformat}', '{ noformat }')}\n{noformat}`,
    labels: ['lading', `lading-${notification.topic}`],
  },
});

/** GitHub, "Create an issue": the text is in a code block, so that no name mentions or links anybody. */
function githubIssue(notification: Notification): { readonly title: string; readonly body: string } {
  const text = linesOf(notification).join('\n').replaceAll('```', "'''");
  return { title: notification.title, body: `\`\`\`text\n${text}\n\`\`\`\n\nTopic ${notification.topic}` };
}

async function signed(service: 'sns' | 'ses', url: URL, type: string, body: string, means: Means): Promise<void> {
  const region = url.hostname.split('.')[1] ?? '';
  const headers = await means.signAws({ service, region, url, headers: { 'content-type': type }, body });
  const { status } = await means.post({ url, headers, body: Buffer.from(body), allowPrivate: false });
  if (status >= 200 && status < 300) return;
  const passing = status === 429 || status >= 500;
  throw notificationError(
    passing ? 'notification-undelivered' : 'notification-refused',
    `${means.name}: ${url.hostname} answered ${status}`,
  );
}

const domainOf = (partition: string): string => (partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com');

/** SNS API reference, "Publish": a subject has at most 100 characters of ASCII and no line breaks. */
async function publishToSns(topicArn: string, notification: Notification, means: Means): Promise<void> {
  const [, partition = 'aws', , region = ''] = topicArn.split(':');
  const form = new URLSearchParams({
    Action: 'Publish',
    Version: '2010-03-31',
    TopicArn: topicArn,
    Subject: notification.title.replace(/[^\x20-\x7e]/g, '?').slice(0, 100),
    Message: [notification.title, '', ...linesOf(notification)].join('\n'),
  });
  const url = new URL(`https://sns.${region}.${domainOf(partition)}/`);
  await signed('sns', url, 'application/x-www-form-urlencoded', form.toString(), means);
}

/** SES API v2 reference, "SendEmail"; text only, so that nothing in it can be markup. */
async function sendMail(
  channel: Extract<NotificationChannel, { readonly kind: 'email' }>,
  notification: Notification,
  means: Means,
): Promise<void> {
  const text = (data: string): object => ({ Data: data, Charset: 'UTF-8' });
  const body = JSON.stringify({
    FromEmailAddress: channel.from,
    Destination: { ToAddresses: channel.to },
    Content: { Simple: { Subject: text(notification.title), Body: { Text: text(linesOf(notification).join('\n')) } } },
  });
  const partition = channel.region.startsWith('cn-') ? 'aws-cn' : 'aws';
  const url = new URL(`https://email.${channel.region}.${domainOf(partition)}/v2/email/outbound-emails`);
  await signed('ses', url, 'application/json', body, means);
}
