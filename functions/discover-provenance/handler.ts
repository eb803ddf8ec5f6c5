import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { locationKey } from '../../lib/core/image-reference.ts';
import { imageCataloged, publishable, readEvent } from '../../lib/events/index.ts';
import { findBuildkitProvenance, recordProvenance } from '../../lib/provenance/index.ts';
import { eventsHandler } from '../_pipe/events-handler.ts';
import { once } from '../_pipe/once.ts';
import { provenanceConfig, recordPorts } from '../_pipe/provenance-ports.ts';
import { registries } from '../_pipe/registries.ts';
import { publisher } from '../_pipe/wiring.ts';

const bus = once(publisher);

export const handler = eventsHandler(async (event) => {
  const { metadata, data } = readEvent(imageCataloged, event).detail;
  const found = await findBuildkitProvenance(await registries().open(data.subject.registry), data.subject);
  const settings = { config: provenanceConfig(), pushedByBuilder: 'unknown' } as const;
  const drafts = await Promise.all(
    found.map(({ image, provenance }) => recordProvenance(recordPorts(), image, provenance, settings)),
  );
  await bus().publish(drafts.map((draft) => publishable(draft, metadata, systemClock.now())));
  logger.info(`${found.length} statements on how ${locationKey(data.subject)} was built`);
});
