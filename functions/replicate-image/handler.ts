import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import type { Digest } from '../../lib/core/digest.ts';
import { locationKey } from '../../lib/core/image-reference.ts';
import {
  type EventDraft,
  type ImageSubject,
  imageAttested,
  imageSigned,
  replicaDiverged,
} from '../../lib/events/index.ts';
import { dynamoCatalog } from '../../lib/inventory/adapters/dynamo-catalog.ts';
import { tagsOf } from '../../lib/inventory/index.ts';
import { dynamoReplicas } from '../../lib/replication/adapters/dynamo-replicas.ts';
import {
  createBlobPlaces,
  replicateToTargets,
  replicationConfigSchema,
  replicationTargets,
} from '../../lib/replication/index.ts';
import { once } from '../_pipe/once.ts';
import { registries } from '../_pipe/registries.ts';
import { route, stageHandler } from '../_pipe/stage-handler.ts';
import { setting, stagePorts, table } from '../_pipe/wiring.ts';

const catalog = once(() => dynamoCatalog(table('catalog'), systemClock));
const stage = once(stagePorts);
const config = once(() => setting('replication', replicationConfigSchema));
const ports = once(() => ({
  registries: registries(),
  replicas: dynamoReplicas(table('replicas')),
  // Where blobs went before, so that the base layers of the next image are mounted and not sent again.
  places: createBlobPlaces(),
  clock: systemClock,
  note: (message: string) => logger.warn(message),
}));

async function replicate(subject: ImageSubject, signal: AbortSignal): Promise<readonly EventDraft[] | undefined> {
  // A tag that the event tells of may not be in the catalogue yet; that it names the image is asked of the source.
  const tags = new Set([...subject.tags, ...(await tagsOf(catalog(), subject))]);
  return replicateToTargets(ports(), config(), subject, { tags: [...tags], signal });
}

/** Whether the image went to its targets before, under a verdict that allowed it. */
async function wasCopied(subject: ImageSubject): Promise<boolean> {
  const records = await stage().ledger.list(locationKey(subject));
  return records.some((record) => record.stage === 'replicate' && record.state === 'completed');
}

/** What is said no longer at the source must not go on being said at the copies. */
async function takeLeaveAtTargets(subject: ImageSubject, superseded: readonly Digest[]): Promise<void> {
  if (superseded.length === 0) return;
  for (const { registry, repository } of replicationTargets(config(), subject)) {
    const target = await registries().open(registry);
    for (const digest of superseded) await target.deleteManifest({ repository, digest });
  }
}

export const handler = stageHandler(stage, [
  route({
    on: imageSigned,
    key: ({ subject, signature }) => ({ subject: locationKey(subject), stage: 'replicate', version: signature.digest }),
    perform: ({ subject }, _metadata, signal) => replicate(subject, signal),
  }),
  route({
    on: imageAttested,
    key: ({ subject, verdict }) => ({ subject: locationKey(subject), stage: 'replicate-statements', version: verdict }),
    perform: async ({ subject, decision, superseded }, _metadata, signal) => {
      // Of a denied image only copies that are there already are told; it is not copied for what is said of it.
      if (decision !== 'allow' && !(await wasCopied(subject))) return [];
      const events = await replicate(subject, signal);
      await takeLeaveAtTargets(subject, superseded);
      return events;
    },
  }),
  route({
    on: replicaDiverged,
    // Each divergence is repaired once; the next sweep tells if that was not enough.
    key: ({ subject }, { id }) => ({ subject: locationKey(subject), stage: 'repair', version: id }),
    perform: ({ subject }, _metadata, signal) => replicate(subject, signal),
  }),
]);
