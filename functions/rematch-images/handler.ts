import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { mapLimit } from '../../lib/core/concurrency.ts';
import { parseLocationKey } from '../../lib/core/image-reference.ts';
import { advisoriesUpdated, readEvent } from '../../lib/events/index.ts';
import { dynamoCatalog } from '../../lib/inventory/adapters/dynamo-catalog.ts';
import { whereaboutsOf } from '../../lib/inventory/index.ts';
import { archiveRepository } from '../../lib/lifecycle/index.ts';
import { rematchImage, touchedImages } from '../../lib/vulnerabilities/index.ts';
import { runStage } from '../../lib/work/index.ts';
import { eventsHandler } from '../_pipe/events-handler.ts';
import { once } from '../_pipe/once.ts';
import { vulnerabilityPorts } from '../_pipe/vulnerability-ports.ts';
import { bucketRegistry, stagePorts, table } from '../_pipe/wiring.ts';

const stage = once(stagePorts);
const archive = once(() => bucketRegistry('archive'));
const catalog = once(() => dynamoCatalog(table('catalog'), systemClock));

/** The index of packages keeps what was deleted; nobody wants news of it, but of what can be brought back. */
async function whereabouts(location: ReturnType<typeof parseLocationKey>): Promise<ReturnType<typeof whereaboutsOf>> {
  const entry = await catalog().find(location);
  const where = entry ? whereaboutsOf(entry) : 'present';
  if (where !== 'deleted') return where;
  // What was archived before the catalogue told of it.
  const at = { repository: archiveRepository(location), reference: location.digest };
  return (await archive().headManifest(at)) === undefined ? 'deleted' : 'archived';
}

/** An image waits for its documents most of the time. */
const AT_ONCE = 8;

export const handler = eventsHandler(async (event, delivery) => {
  const { metadata } = readEvent(advisoriesUpdated, event).detail;
  const ports = vulnerabilityPorts();
  const current = await ports.advisories.currentSnapshot();
  if (!current) return;
  let touched = 0;
  const rematch = async (image: string): Promise<void> => {
    const where = await whereabouts(parseLocationKey(image));
    if (where === 'deleted') return;
    touched++;
    // Each image is work of its own, so that a retry goes on where the last attempt stopped.
    await runStage(stage(), {
      // A snapshot can recur: its number is what makes it other work.
      key: { subject: image, stage: 'rematch', version: `${current.sequence} ${current.snapshot.id}` },
      ...delivery,
      cause: metadata,
      perform: () => rematchImage(ports, image, current, { archived: where === 'archived' }),
    });
  };
  let batch: string[] = [];
  for await (const image of touchedImages({ ...ports, progress: ports.advisories }, current)) {
    batch.push(image);
    if (batch.length < AT_ONCE) continue;
    await mapLimit(batch, AT_ONCE, rematch);
    batch = [];
  }
  await mapLimit(batch, AT_ONCE, rematch);
  await ports.advisories.markRematched({ id: current.snapshot.id, sequence: current.sequence });
  logger.info(`snapshot ${current.snapshot.id}: ${touched} images matched again`);
});
