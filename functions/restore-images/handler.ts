import { systemClock } from '../../lib/core/clock.ts';
import { publishable } from '../../lib/events/index.ts';
import { parseRestoreRequest, restoreImage } from '../../lib/lifecycle/index.ts';
import { eventsHandler } from '../_pipe/events-handler.ts';
import { once } from '../_pipe/once.ts';
import { registries } from '../_pipe/registries.ts';
import { bucketRegistry, publisher } from '../_pipe/wiring.ts';

const ports = once(() => ({ archive: bucketRegistry('archive'), publisher: publisher() }));

export const handler = eventsHandler(async (event) => {
  const request = parseRestoreRequest(event.detail);
  const wired = ports();
  const registry = await registries().open(request.registry);
  const drafts = await restoreImage({ registry, archive: wired.archive }, request);
  await wired.publisher.publish(drafts.map((draft) => publishable(draft, { root: event.id }, systemClock.now())));
});
