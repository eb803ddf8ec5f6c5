import { ecrClient } from '../../lib/aws/clients.ts';
import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { LadingError } from '../../lib/core/errors.ts';
import { locationKey } from '../../lib/core/image-reference.ts';
import { draftEvent, publishable, scannerRunsDue } from '../../lib/events/index.ts';
import { dynamoCatalog } from '../../lib/inventory/adapters/dynamo-catalog.ts';
import { tagsOf } from '../../lib/inventory/index.ts';
import { dynamoVoteStore } from '../../lib/scanners/adapters/dynamo-vote-store.ts';
import { ecrFindings } from '../../lib/scanners/adapters/ecr-findings.ts';
import { addReport, scannedImage, scannerOfTask } from '../../lib/scanners/index.ts';
import { eventsHandler } from '../_pipe/events-handler.ts';
import { once } from '../_pipe/once.ts';
import { registriesConfig } from '../_pipe/registries.ts';
import { publisher, table } from '../_pipe/wiring.ts';

const ports = once(() => ({ votes: dynamoVoteStore(table('verdicts')), clock: systemClock }));
const catalog = once(() => dynamoCatalog(table('catalog'), systemClock));
const bus = once(publisher);

const hostOf = (account: string, region: string): string =>
  `${account}.dkr.ecr.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;

export const handler = eventsHandler(async (event) => {
  const scanner = scannerOfTask(event);
  if (scanner !== undefined) {
    const due = draftEvent(scannerRunsDue, { because: 'task', scanners: [scanner] });
    return bus().publish([publishable(due, { root: event.id }, systemClock.now())]);
  }
  const image = scannedImage(event, hostOf);
  const entry = registriesConfig().entries.find(({ host }) => host === image?.registry);
  if (!image || entry?.kind !== 'ecr') {
    logger.info(
      `${event['detail-type']} ${event.id} is ignored: it is about no finished scan of a registry that is followed`,
    );
    return;
  }
  const known = await catalog().find(image);
  if (known === undefined) {
    // The scan can be over before the push was worked on.
    throw new LadingError('image-unknown', `${locationKey(image)} is not catalogued yet`, { retryable: true });
  }
  const account = /^(\d{12})\./.exec(image.registry)?.[1] ?? '';
  const report = await ecrFindings(ecrClient(entry.region), image, account);
  if (report === undefined) return;
  const subject = { ...image, mediaType: known.mediaType, tags: [...(await tagsOf(catalog(), known))] };
  const { drafts, outcome } = await addReport(ports(), subject, report, 'event');
  await bus().publish(drafts.map((draft) => publishable(draft, { root: event.id }, systemClock.now())));
  logger.info(`${report.scanner.label} on ${locationKey(image)}: ${report.findings.length} findings, ${outcome}`);
});
