import type { notifiableEvents, severities } from './config.ts';

export type NotifiableEvent = (typeof notifiableEvents)[number];
export type Severity = (typeof severities)[number];

/** What is told of an event: to a person in `title` and `lines`, to a program in the rest. */
export interface Notification {
  /** The event's id, the same however often it is delivered: receivers can tell a repetition by it. */
  readonly id: string;
  readonly event: NotifiableEvent;
  readonly source: string;
  /** When it happened; ISO 8601. */
  readonly time: string;
  readonly severity: Severity;
  /** One line without control characters, at most 200 characters. */
  readonly title: string;
  readonly lines: readonly string[];
  /** `registry/repository@digest`, or `key` and its id, or `registry` and its host. */
  readonly subject: string;
  /** The push (or schedule) that began it all. */
  readonly correlationId: string;
  /** Names what it is about beyond the one image: an issue for it is opened once. */
  readonly topic: string;
  /** The data of the event, whole. */
  readonly data: unknown;
}

/** Who wants to hear of what. */
export interface NotificationRule {
  /** Name of the channel. */
  readonly channel: string;
  readonly events: readonly NotifiableEvent[];
  readonly minimumSeverity: Severity;
  /** `topic`: the same matter about the next image of a repository is told once. `event` when absent. */
  readonly once?: 'event' | 'topic';
}

/** One notification for one channel; `dedupeKey` names it for good. */
export interface PlannedNotification {
  readonly channel: string;
  readonly dedupeKey: string;
  /** What is told once on the channel: the event, or the topic. */
  readonly subject: string;
  readonly notification: Notification;
}

/** The channel that is always there. */
export const LOG_CHANNEL = 'log';
