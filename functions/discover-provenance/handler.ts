import type { z } from 'zod';
import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { locationKey } from '../../lib/core/image-reference.ts';
import { type EventBridgeEvent, imageCataloged, imagePushed, publishable, readEvent } from '../../lib/events/index.ts';
import { dynamoKeys } from '../../lib/keys/adapters/dynamo-keys.ts';
import {
  findBuildkitProvenance,
  findSignedProvenance,
  notePush,
  provenanceTrust,
  recordProvenance,
} from '../../lib/provenance/index.ts';
import { type Registry, subjectOfTag } from '../../lib/registry/index.ts';
import { parseVerificationKey } from '../../lib/signing/index.ts';
import { eventsHandler } from '../_pipe/events-handler.ts';
import { once } from '../_pipe/once.ts';
import { provenanceConfig, pushPorts, recordPorts } from '../_pipe/provenance-ports.ts';
import { registries } from '../_pipe/registries.ts';
import { publisher, table } from '../_pipe/wiring.ts';

const bus = once(publisher);

/** Read anew each time: a key that we made since then is ours, too. */
const trust = async () => {
  const own = await dynamoKeys(table('signatures')).all();
  return provenanceTrust(
    provenanceConfig(),
    own.map(({ pem }) => parseVerificationKey(pem)),
  );
};

async function discover(
  registry: Registry,
  { artifactClass, subject, referrerOf }: z.infer<typeof imageCataloged.data>,
) {
  if (artifactClass === 'index') return findBuildkitProvenance(registry, subject);
  const about = referrerOf ?? subject.tags.map(subjectOfTag).find((one) => one?.suffix === 'att')?.digest;
  if (about === undefined) return [];
  const image = { registry: subject.registry, repository: subject.repository, digest: about };
  const asked = { now: systemClock.now(), manifest: subject.digest };
  const { found, complete } = await findSignedProvenance(registry, image, await trust(), asked);
  if (!complete) logger.warn(`there is more beside ${locationKey(image)} than is examined for provenance`);
  return found;
}

/** Who pushed, where a registry tells of it. */
async function note(event: EventBridgeEvent): Promise<void> {
  const { metadata, data } = readEvent(imagePushed, event).detail;
  const { subject, actor } = data;
  if (actor === undefined) return;
  const drafts = await notePush(pushPorts(), subject, actor, provenanceConfig());
  await bus().publish(drafts.map((draft) => publishable(draft, metadata, systemClock.now())));
}

export const handler = eventsHandler(async (event) => {
  if (event['detail-type'] === imagePushed.detailType) return note(event);
  const { metadata, data } = readEvent(imageCataloged, event).detail;
  const found = await discover(await registries().open(data.subject.registry), data);
  const settings = { config: provenanceConfig() };
  const drafts = await Promise.all(
    found.map(({ image, provenance }) => recordProvenance(recordPorts(), image, provenance, settings)),
  );
  await bus().publish(drafts.map((draft) => publishable(draft, metadata, systemClock.now())));
  logger.info(`${found.length} statements in ${locationKey(data.subject)} on how images were built`);
});
