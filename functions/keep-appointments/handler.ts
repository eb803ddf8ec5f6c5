import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { draftEvent, type EventCause, publishable, scannerRunsDue } from '../../lib/events/index.ts';
import { dynamoDigestQueue } from '../../lib/notifications/adapters/dynamo-digest-queue.ts';
import { notificationsConfigSchema, sendDigests } from '../../lib/notifications/index.ts';
import { dynamoWaiverStore } from '../../lib/policy/adapters/dynamo-waiver-store.ts';
import { policyConfigSchema, reviewWaivers } from '../../lib/policy/index.ts';
import { dynamoRunStore } from '../../lib/scanners/adapters/dynamo-run-store.ts';
import { isDue } from '../../lib/scanners/index.ts';
import { createAttempts } from '../_pipe/attempts.ts';
import { eventsHandler } from '../_pipe/events-handler.ts';
import { serviceChannelsOf } from '../_pipe/notification-channels.ts';
import { once } from '../_pipe/once.ts';
import { configuredScanners } from '../_pipe/scanners.ts';
import { publisher, setting, table } from '../_pipe/wiring.ts';

const waivers = once(() => dynamoWaiverStore(table('verdicts')));
const policy = once(() => setting('policy', policyConfigSchema));
const notifications = once(() => setting('notifications', notificationsConfigSchema));
const bus = once(publisher);

export const handler = eventsHandler(async (tick) => {
  const { attempt, end } = createAttempts();
  await attempt('telling what ended', () => tellEnds({ root: tick.id }));
  await attempt('sending digests', sendWaiting);
  await attempt('having scans looked at', () => tellRuns({ root: tick.id }));
  end();
});

async function tellEnds(cause: EventCause): Promise<void> {
  const { drafts, until } = await reviewWaivers({ waivers: waivers(), clock: systemClock }, policy());
  await bus().publish(drafts.map((draft) => publishable(draft, cause, systemClock.now())));
  await waivers().markReviewed(until);
  if (drafts.length > 0) logger.info(`${drafts.length} waivers and exceptions ended`);
}

async function sendWaiting(): Promise<void> {
  const { channels } = notifications();
  const waiting = serviceChannelsOf(notifications()).filter((_channel, i) => channels[i]?.digest);
  const { sent, failures } = await sendDigests(dynamoDigestQueue(table('deliveries')), waiting);
  if (sent > 0) logger.info(`${sent} digests sent`);
  // The others were told; the message comes again for those that were not.
  if (failures.length > 0) throw failures[0];
}

/** Who may ask scanners is another function; this one only tells it that there is something to ask. */
async function tellRuns(cause: EventCause): Promise<void> {
  const scanners: string[] = [];
  for (const { kind } of configuredScanners()) {
    // The first is the first that there is something to do about.
    const [open] = await dynamoRunStore(table('work')).open(kind, 1);
    if (open !== undefined && isDue(open, systemClock.now())) scanners.push(kind);
  }
  if (scanners.length === 0) return;
  const draft = draftEvent(scannerRunsDue, { because: 'time', scanners });
  await bus().publish([publishable(draft, cause, systemClock.now())]);
}
