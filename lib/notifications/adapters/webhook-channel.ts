import { createHmac } from 'node:crypto';
import type { NotificationWebhook } from '../config.ts';
import { notificationError } from '../errors.ts';
import type { Notification } from '../model.ts';
import { webhookChannelName } from '../plan-notifications.ts';
import type { Channel } from '../ports.ts';
import { type HttpsPost, httpsPost } from './https-post.ts';

export interface WebhookOptions {
  readonly webhook: Pick<NotificationWebhook, 'name' | 'url' | 'allowPrivate'>;
  /** Key of the signature. */
  readonly secret: () => Promise<string>;
  readonly post?: HttpsPost;
}

/**
 * Tells a receiver by a POST of one CloudEvent (CloudEvents 1.0, JSON format, structured mode), signed with
 * `x-lading-signature: sha256=<hex>`, HMAC-SHA256 of the exact body. Redirects are not followed: what was configured is
 * what is called, and a signed body goes nowhere else.
 */
export function webhookChannel({ webhook, secret, post = httpsPost() }: WebhookOptions): Channel {
  const name = webhookChannelName(webhook.name);
  return {
    name,
    async send(notification) {
      const body = Buffer.from(JSON.stringify(toCloudEvent(notification)));
      const signature = createHmac('sha256', await secret())
        .update(body)
        .digest('hex');
      const { status } = await post({
        url: new URL(webhook.url),
        allowPrivate: webhook.allowPrivate,
        headers: {
          'content-type': 'application/cloudevents+json; charset=utf-8',
          'user-agent': 'lading',
          'x-lading-signature': `sha256=${signature}`,
        },
        body,
      });
      if (status >= 200 && status < 300) return;
      const message = `${name} answered ${status} to the notification ${notification.id}`;
      if (status === 408 || status === 425 || status === 429 || status >= 500) {
        throw notificationError('notification-undelivered', message);
      }
      throw notificationError('notification-refused', message, {
        hint:
          status < 400
            ? 'redirects are not followed; configure the final address'
            : 'look at the receiver, then redrive',
      });
    },
  };
}

/** `Gate Decided` → `lading.gate-decided`. */
const typeOf = (event: string): string => `lading.${event.toLowerCase().replaceAll(' ', '-')}`;

/** CloudEvents 1.0, "Context Attributes"; names of extensions are lower-case letters and digits. */
function toCloudEvent(notification: Notification): Readonly<Record<string, unknown>> {
  const { id, event, source, time, subject, severity, title, lines, correlationId, data } = notification;
  return {
    specversion: '1.0',
    id,
    source,
    type: typeOf(event),
    time,
    subject,
    datacontenttype: 'application/json',
    severity,
    correlationid: correlationId,
    data: { title, lines, event: data },
  };
}
