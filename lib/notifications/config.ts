import { z } from 'zod';

/** Events that people can ask to hear of; the function `notify` receives no others. */
export const notifiableEvents = [
  'Gate Decided',
  'Findings Changed',
  'Replica Diverged',
  'Verdict Lapsed',
  'Image Expired',
  'Remediation Planned',
  'Untrusted Image Started',
  'Key Revoked',
  'Budget Exceeded',
  'Backup Completed',
  'Registry Went Down',
  'Registry Recovered',
  'Retention Withheld',
] as const;

/** How much it matters, least first. */
export const severities = ['info', 'warning', 'critical'] as const;

const webhookSchema = z.strictObject({
  name: z.string().min(1).max(60),
  /** Receives each notification as a signed POST. */
  url: z.url({ protocol: /^https$/, error: 'not an https address' }),
  events: z
    .array(z.enum(notifiableEvents))
    .min(1)
    .default([...notifiableEvents]),
  /** Less than this is not sent: `warning` leaves out images that the gate allowed. */
  minimumSeverity: z.enum(severities).default('info'),
  /** The receiver is inside the network: its address may be one of RFC 1918 and the like. */
  allowPrivate: z.boolean().default(false),
});

const host = z
  .string()
  .regex(/^(?:\*\.)?[a-z0-9.-]{1,253}$/, 'not a host name, such as "hooks.slack.com" or "*.example"');
const https = z.url({ protocol: /^https$/, error: 'not an https address' });
/** Name of the text in the secret `integrations`, a JSON object: a token, or an address that is itself a secret. */
const secretName = z.string().regex(/^[a-z0-9-]{1,60}$/, 'not a name of lower-case letters, digits and -');
const about = {
  name: z.string().min(1).max(60),
  events: z
    .array(z.enum(notifiableEvents))
    .min(1)
    .default([...notifiableEvents]),
  minimumSeverity: z.enum(severities).default('warning'),
  /** Kept and told together, every so many minutes (as often as `schedules.keepAppointments` runs); at once when absent. */
  digest: z.boolean().default(false),
};
const region = z.string().regex(/^[a-z]{2,3}(?:-[a-z0-9]+)+-\d$/, 'not a region');

/** Ways to tell besides webhooks of one's own. */
export const channelSchema = z.discriminatedUnion('kind', [
  z.strictObject({ ...about, kind: z.literal('slack'), /** The incoming webhook's address. */ url: secretName }),
  z.strictObject({ ...about, kind: z.literal('teams'), /** The workflow's address. */ url: secretName }),
  z.strictObject({
    ...about,
    kind: z.literal('pagerduty'),
    routingKey: secretName,
    url: https.default('https://events.pagerduty.com/v2/enqueue'),
  }),
  z.strictObject({
    ...about,
    kind: z.literal('jira'),
    url: https,
    project: z.string().regex(/^[A-Z][A-Z0-9_]{1,20}$/, 'not the key of a project'),
    issueType: z.string().min(1).max(60).default('Task'),
    user: z.string().min(1).max(200),
    token: secretName,
  }),
  z.strictObject({
    ...about,
    kind: z.literal('github'),
    repository: z.string().regex(/^[A-Za-z0-9-]{1,39}\/[A-Za-z0-9._-]{1,100}$/, 'not owner/name'),
    url: https.default('https://api.github.com'),
    labels: z.array(z.string().min(1).max(50)).max(10).default(['lading']),
    token: secretName,
  }),
  z.strictObject({
    ...about,
    kind: z.literal('sns'),
    topicArn: z.string().regex(/^arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/, 'not the ARN of an SNS topic'),
  }),
  z.strictObject({
    ...about,
    kind: z.literal('email'),
    /** Of an identity that SES has verified in the region. */
    from: z.email(),
    to: z.array(z.email()).min(1).max(50),
    region,
  }),
]);
export type NotificationChannel = Readonly<z.infer<typeof channelSchema>>;

/** The setting `notifications`: who is told. What is told is always in the function's log as well. */
export const notificationsConfigSchema = z.strictObject({
  webhooks: z.array(webhookSchema).max(20).default([]),
  channels: z
    .array(channelSchema)
    .max(50)
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'two channels have one name')
    .default([]),
  /** Only these hosts are ever called for channels; a leading `*.` stands for any subdomain. */
  allowHosts: z
    .array(host)
    .max(50)
    .default([
      'hooks.slack.com',
      '*.webhook.office.com',
      '*.logic.azure.com',
      '*.api.powerplatform.com',
      'events.pagerduty.com',
      'events.eu.pagerduty.com',
      'api.github.com',
      '*.atlassian.net',
    ]),
});
export type NotificationsConfig = Readonly<z.infer<typeof notificationsConfigSchema>>;
export type NotificationWebhook = Readonly<z.infer<typeof webhookSchema>>;
