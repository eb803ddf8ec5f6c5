import { systemClock } from '../../lib/core/clock.ts';
import { publishable, readEvent, releaseRequested } from '../../lib/events/index.ts';
import { dynamoCatalog } from '../../lib/inventory/adapters/dynamo-catalog.ts';
import { dynamoRetention } from '../../lib/lifecycle/adapters/dynamo-retention.ts';
import { bringBack, parseRestoreRequest, type RestoreRequest } from '../../lib/lifecycle/index.ts';
import { eventsHandler } from '../_pipe/events-handler.ts';
import { once } from '../_pipe/once.ts';
import { registries } from '../_pipe/registries.ts';
import { bucketRegistry, publisher, table } from '../_pipe/wiring.ts';

const ports = once(() => {
  const retention = dynamoRetention(table('retention'), systemClock);
  return {
    archive: bucketRegistry('archive'),
    publisher: publisher(),
    catalog: dynamoCatalog(table('catalog'), systemClock),
    leases: retention,
    quarantine: retention,
    clock: systemClock,
  };
});

export const handler = eventsHandler(async (event) => {
  const request =
    event['detail-type'] === releaseRequested.detailType ? released(event) : parseRestoreRequest(event.detail);
  const wired = ports();
  const registry = await registries().open(request.registry);
  const drafts = await bringBack({ ...wired, registry }, request);
  await wired.publisher.publish(drafts.map((draft) => publishable(draft, { root: event.id }, systemClock.now())));
});

function released(event: Parameters<typeof readEvent>[1]): RestoreRequest {
  const { subject, reason } = readEvent(releaseRequested, event).detail.data;
  const { digest, ...of } = subject;
  return { ...of, reference: digest, reason, only: 'quarantine' };
}
