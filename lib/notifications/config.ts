import { z } from 'zod';

/** Events that people can ask to hear of; the function `notify` receives no others. */
export const notifiableEvents = [
  'Gate Decided',
  'Findings Changed',
  'Replica Diverged',
  'Verdict Lapsed',
  'Image Expired',
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

/** The setting `notifications`: who is told. What is told is always in the function's log as well. */
export const notificationsConfigSchema = z.strictObject({
  webhooks: z.array(webhookSchema).max(20).default([]),
});
export type NotificationsConfig = Readonly<z.infer<typeof notificationsConfigSchema>>;
export type NotificationWebhook = Readonly<z.infer<typeof webhookSchema>>;
