import { LadingError } from '../core/errors.ts';
import type { EventBridgeEvent } from '../events/index.ts';
import type { WorkKey, WorkLedger } from '../work/index.ts';
import { notificationError } from './errors.ts';
import type { NotificationRule, PlannedNotification } from './model.ts';
import { notificationsFor } from './plan-notifications.ts';
import type { Channel } from './ports.ts';

export interface NotifyPorts {
  /** Which notifications were taken: one row each. */
  readonly ledger: WorkLedger;
  readonly channels: readonly Channel[];
}

export interface NotifyRequest {
  readonly event: EventBridgeEvent;
  readonly rules: readonly NotificationRule[];
  /** Unique to this attempt, and how long it can run: a lease keeps two deliveries from telling twice. */
  readonly owner: string;
  readonly leaseMs: number;
}

export interface NotifyResult {
  readonly sent: readonly string[];
  /** Channels that had been told before. */
  readonly before: readonly string[];
}

/**
 * Tells every channel that asked for the event, each once. A channel that fails does not keep the others from hearing;
 * the message then comes again and only that channel is tried. Between the receiver's answer and our own record a crash
 * can repeat a notification: its id is the same, and receivers go by that.
 *
 * @throws LadingError `notification-refused`, `notification-undelivered`, `work-held`, after all channels were tried
 */
export async function notify(ports: NotifyPorts, request: NotifyRequest): Promise<NotifyResult> {
  const planned = notificationsFor(request.event, request.rules);
  const results = await Promise.allSettled(planned.map((one) => tell(ports, request, one)));
  const sent: string[] = [];
  const before: string[] = [];
  const failures: unknown[] = [];
  for (const [i, result] of results.entries()) {
    const channel = planned[i]?.channel ?? '';
    if (result.status === 'rejected') failures.push(result.reason);
    else (result.value === 'sent' ? sent : before).push(channel);
  }
  if (failures.length > 0) throw failures[0];
  return { sent, before };
}

async function tell(
  { ledger, channels }: NotifyPorts,
  { owner, leaseMs }: NotifyRequest,
  { channel: name, notification, subject }: PlannedNotification,
): Promise<'sent' | 'before'> {
  const channel = channels.find((one) => one.name === name);
  if (channel === undefined) throw notificationError('notification-refused', `there is no channel ${name}`);
  const key: WorkKey = { subject, stage: 'notify', version: name };
  const begun = await ledger.begin(key, owner, leaseMs);
  if (begun.kind === 'completed') return 'before';
  if (begun.kind === 'held') {
    throw new LadingError('work-held', `${name} is being told until ${begun.until.toISOString()}`, { retryable: true });
  }
  try {
    await channel.send(notification);
  } catch (error) {
    // The lease would run out by itself; giving it back only saves time, so its own failure changes nothing.
    await ledger.release(key, owner).catch(() => undefined);
    throw error;
  }
  await ledger.complete(key, owner, []);
  return 'sent';
}
