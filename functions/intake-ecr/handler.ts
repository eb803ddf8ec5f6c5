import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { publishable } from '../../lib/events/index.ts';
import { readEcrEvent } from '../../lib/intake/index.ts';
import { eventsHandler } from '../_pipe/events-handler.ts';
import { once } from '../_pipe/once.ts';
import { publisher } from '../_pipe/wiring.ts';

const bus = once(publisher);

export const handler = eventsHandler(async (event) => {
  const reading = readEcrEvent(event);
  if (reading.kind === 'ignored') {
    logger.info(`${event['detail-type']} ${event.id} is ignored: ${reading.why}`, { reason: reading.reason });
    return;
  }
  const cause = { root: event.id };
  await bus().publish(reading.drafts.map((draft) => publishable(draft, cause, systemClock.now())));
});
