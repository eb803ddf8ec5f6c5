import { systemClock } from '../../lib/core/clock.ts';
import { publishable, readEvent, releaseRequested, restoreRequested } from '../../lib/events/index.ts';
import { dynamoCatalog } from '../../lib/inventory/adapters/dynamo-catalog.ts';
import { dynamoRetention } from '../../lib/lifecycle/adapters/dynamo-retention.ts';
import {
  bringBack,
  parseRestoreRequest,
  type RestoreRequest,
  retentionConfigSchema,
} from '../../lib/lifecycle/index.ts';
import { eventsHandler } from '../_pipe/events-handler.ts';
import { once } from '../_pipe/once.ts';
import { registries } from '../_pipe/registries.ts';
import { bucketRegistry, publisher, setting, table } from '../_pipe/wiring.ts';

const ports = once(() => {
  const retention = dynamoRetention(table('retention'), systemClock);
  return {
    archive: bucketRegistry('archive'),
    publisher: publisher(),
    catalog: dynamoCatalog(table('catalog'), systemClock),
    leases: retention,
    quarantine: retention,
    clock: systemClock,
    leaseDays: setting('retention', retentionConfigSchema).restore.leaseDays,
  };
});

export const handler = eventsHandler(async (event) => {
  const request = read(event);
  const wired = ports();
  const registry = await registries().open(request.registry);
  const drafts = await bringBack({ ...wired, registry }, request);
  await wired.publisher.publish(drafts.map((draft) => publishable(draft, { root: event.id }, systemClock.now())));
});

/** Our own events name the image and where it is; what an operator asks for comes as it is. */
function read(event: Parameters<typeof readEvent>[1]): RestoreRequest {
  if (event.source !== releaseRequested.source) return parseRestoreRequest(event.detail);
  const isAside = event['detail-type'] === releaseRequested.detailType;
  const { subject, reason } = readEvent(isAside ? releaseRequested : restoreRequested, event).detail.data;
  const { digest, ...of } = subject;
  return { ...of, reference: digest, reason, only: isAside ? 'quarantine' : 'archive' };
}
