import { z } from 'zod';

/** Events that people can ask to hear of; the function `notify` receives no others. */
export const notifiableEvents = [
  'Gate Decided',
  'Findings Changed',
  'Replica Diverged',
  'Verdict Lapsed',
  'Image Expired',
] as const;

const webhookSchema = z.strictObject({
  name: z.string().min(1).max(60),
  /** Receives each notification as a signed POST. */
  url: z.url({ protocol: /^https$/, error: 'not an https address' }),
  events: z
    .array(z.enum(notifiableEvents))
    .min(1)
    .default([...notifiableEvents]),
});

/** The setting `notifications`: who is told. What is told is always in the function's log as well. */
export const notificationsConfigSchema = z.strictObject({
  webhooks: z.array(webhookSchema).max(20).default([]),
});
export type NotificationsConfig = Readonly<z.infer<typeof notificationsConfigSchema>>;
