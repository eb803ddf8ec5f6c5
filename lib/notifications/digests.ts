import { severities } from './config.ts';
import type { Notification, Severity } from './model.ts';
import type { Channel, DigestQueue } from './ports.ts';

/** A channel that is told of everything together: what it is sent now waits for the next digest. */
export const digested = ({ name }: Channel, queue: DigestQueue): Channel => ({
  name,
  send: (notification) => queue.add(name, notification),
});

/** More lines than this nobody reads in one message. */
const MOST_LINES = 40;

/**
 * Many notifications as one; the gravest first, the same words once. Its id follows from theirs, so that a digest that is
 * sent again is known.
 */
export function toDigest(notifications: readonly Notification[]): Notification | undefined {
  const [first, ...others] = notifications.toSorted(
    (a, b) => rank(b.severity) - rank(a.severity) || (a.time < b.time ? -1 : 1),
  );
  if (first === undefined || others.length === 0) return first;
  const titles = [...new Set([first, ...others].map(({ severity, title }) => `${severity}: ${title}`))];
  const left = titles.length - MOST_LINES;
  const repositories = new Set([first, ...others].map(({ subject }) => subject.split('@')[0]));
  return {
    ...first,
    title: `${notifications.length} notifications about ${repositories.size} ${repositories.size === 1 ? 'repository' : 'repositories'}`,
    lines: [...titles.slice(0, MOST_LINES), ...(left > 0 ? [`and ${left} more`] : [])],
    data: { digest: notifications.map(({ id }) => id).sort() },
  };
}

const rank = (severity: Severity): number => severities.indexOf(severity);

/**
 * Sends what waits, channel by channel. It is taken out of the queue after the receiver took it; a crash in between tells
 * it twice rather than never.
 */
export async function sendDigests(
  queue: DigestQueue,
  channels: readonly Channel[],
): Promise<{ readonly sent: number; readonly failures: readonly unknown[] }> {
  let sent = 0;
  const failures: unknown[] = [];
  for (const channel of channels) {
    const waiting = await queue.waiting(channel.name);
    const digest = toDigest(waiting);
    if (digest === undefined) continue;
    try {
      await channel.send(digest);
      await queue.remove(channel.name, waiting);
      sent++;
    } catch (error) {
      failures.push(error);
    }
  }
  return { sent, failures };
}
