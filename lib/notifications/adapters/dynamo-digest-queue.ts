import { z } from 'zod';
import type { Table } from '../../aws/table.ts';
import { notifiableEvents, severities } from '../config.ts';
import type { Notification } from '../model.ts';
import type { DigestQueue } from '../ports.ts';

const pkOf = (channel: string): string => `DIGEST#${channel}`;
const skOf = ({ time, id }: Notification): string => `${time}#${id}`;
const MOST = 500;

const rowSchema = z.object({
  id: z.string(),
  event: z.enum(notifiableEvents),
  source: z.string(),
  time: z.string(),
  severity: z.enum(severities),
  title: z.string(),
  lines: z.array(z.string()),
  subject: z.string(),
  correlationId: z.string(),
  topic: z.string(),
});

/** One row for each, in the table of deliveries. The event's data stay out: a digest does not show them. */
export function dynamoDigestQueue(table: Table): DigestQueue {
  return {
    async add(channel, notification) {
      const { data: _data, ...row } = notification;
      await table.put({ pk: pkOf(channel), sk: skOf(notification), notification: row });
    },
    async waiting(channel) {
      const { items } = await table.query({ pk: pkOf(channel), limit: MOST });
      return items.map((item): Notification => ({ ...rowSchema.parse(item.notification), data: undefined }));
    },
    async remove(channel, notifications) {
      for (const one of notifications) await table.delete({ pk: pkOf(channel), sk: skOf(one) });
    },
  };
}
