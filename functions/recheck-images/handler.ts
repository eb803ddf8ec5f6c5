import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { imageCataloged, publishable, readEvent, waiverChanged } from '../../lib/events/index.ts';
import { recheckImages } from '../../lib/policy/index.ts';
import { dynamoVoteStore } from '../../lib/scanners/adapters/dynamo-vote-store.ts';
import { dynamoScanStore } from '../../lib/vulnerabilities/adapters/dynamo-scan-store.ts';
import { eventsHandler } from '../_pipe/events-handler.ts';
import { once } from '../_pipe/once.ts';
import { documents, publisher, table } from '../_pipe/wiring.ts';
import { collectAttestation } from './collect-attestation.ts';

const ports = once(() => ({
  scans: dynamoScanStore(table('scans')),
  votes: dynamoVoteStore(table('verdicts')),
  documents: documents('documents'),
}));
const bus = once(publisher);

export const handler = eventsHandler(async (event, delivery) => {
  if (event['detail-type'] === imageCataloged.detailType) return collectAttestation(event, delivery);
  const { metadata, data } = readEvent(waiverChanged, event).detail;
  let images = 0;
  // A retry tells all of it again under the same ids; the gate takes each once.
  for await (const draft of recheckImages(ports(), data)) {
    await bus().publish([publishable(draft, metadata, systemClock.now())]);
    images++;
  }
  logger.info(`waiver ${data.waiver.id} ${data.change}: ${images} images to decide on again`);
});
