import type { EventBridgeEvent } from '../events/index.ts';
import { type NotificationsConfig, notifiableEvents, severities } from './config.ts';
import { describeEvent } from './describe-event.ts';
import { LOG_CHANNEL, type NotificationRule, type PlannedNotification, type Severity } from './model.ts';

/** The rules of a configuration: the log hears of everything, each webhook of what it asked for. */
export const rulesOf = (config: NotificationsConfig): readonly NotificationRule[] => [
  { channel: LOG_CHANNEL, events: notifiableEvents, minimumSeverity: 'info' },
  ...config.webhooks.map(({ name, events, minimumSeverity }) => ({
    channel: webhookChannelName(name),
    events,
    minimumSeverity,
  })),
  ...config.channels.map(({ kind, name, events, minimumSeverity }) => ({
    channel: channelName({ kind, name }),
    events,
    minimumSeverity,
    once: isIssue(kind) ? ('topic' as const) : ('event' as const),
  })),
];

export const channelName = ({ kind, name }: { readonly kind: string; readonly name: string }): string =>
  `${kind}:${name}`;

/** An issue stays open until somebody closes it: more of the same is no news. */
const isIssue = (kind: string): boolean => kind === 'jira' || kind === 'github';

/** A webhook that someone names `log` is another channel than the log. */
export const webhookChannelName = (name: string): string => `webhook:${name}`;

/**
 * Who is to be told of the event. Pure. The dedupe key follows from the event's id, which every delivery of the event
 * shares, and the channel.
 *
 * @throws LadingError `event-invalid`
 */
export function notificationsFor(
  event: EventBridgeEvent,
  rules: readonly NotificationRule[],
): readonly PlannedNotification[] {
  const notification = describeEvent(event);
  if (notification === undefined) return [];
  return rules
    .filter((rule) => rule.events.includes(notification.event))
    .filter((rule) => rank(notification.severity) >= rank(rule.minimumSeverity))
    .map(({ channel, once }) => {
      const subject = once === 'topic' ? `topic ${notification.topic}` : notification.id;
      return { channel, subject, dedupeKey: `${subject} ${channel}`, notification };
    });
}

const rank = (severity: Severity): number => severities.indexOf(severity);
