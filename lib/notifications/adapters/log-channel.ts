import { LOG_CHANNEL, type Severity } from '../model.ts';
import type { Channel } from '../ports.ts';

/** A structured logger: a message and fields. */
export type LogSink = Readonly<Record<'info' | 'warn' | 'error', (message: string, fields: object) => void>>;

const LEVELS = { info: 'info', warning: 'warn', critical: 'error' } as const satisfies Record<Severity, keyof LogSink>;

/** Tells the log, where alarms and queries find it. The event's data stay out: they are in the audit trail. */
export const logChannel = (log: LogSink): Channel => ({
  name: LOG_CHANNEL,
  async send({ data: _data, title, ...notification }) {
    log[LEVELS[notification.severity]](title, { notification });
  },
});
