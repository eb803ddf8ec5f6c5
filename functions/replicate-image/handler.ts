import { systemClock } from '../../lib/core/clock.ts';
import { LadingError } from '../../lib/core/errors.ts';
import { locationKey } from '../../lib/core/image-reference.ts';
import {
  draftEvent,
  type EventDraft,
  type ImageSubject,
  imageReplicated,
  imageSigned,
  replicaDiverged,
} from '../../lib/events/index.ts';
import { dynamoCatalog } from '../../lib/inventory/adapters/dynamo-catalog.ts';
import { tagsOf } from '../../lib/inventory/index.ts';
import { dynamoReplicas } from '../../lib/replication/adapters/dynamo-replicas.ts';
import { replicateImage, replicationConfigSchema, replicationTargets } from '../../lib/replication/index.ts';
import { once } from '../_pipe/once.ts';
import { registries } from '../_pipe/registries.ts';
import { route, stageHandler } from '../_pipe/stage-handler.ts';
import { setting, stagePorts, table } from '../_pipe/wiring.ts';

const ports = once(() => ({
  replicas: dynamoReplicas(table('replicas')),
  catalog: dynamoCatalog(table('catalog'), systemClock),
  config: setting('replication', replicationConfigSchema),
}));

async function replicate(subject: ImageSubject): Promise<readonly EventDraft[]> {
  const { catalog, config, replicas } = ports();
  const source = await registries().open(subject.registry);
  const tags = await tagsOf(catalog, subject);
  const drafts: EventDraft[] = [];
  for (const { registry, repository } of replicationTargets(config, subject)) {
    const target = { registry, repository };
    const result = await replicateImage(
      { source, target: await registries().open(registry), replicas, clock: systemClock },
      { source: subject, target, tags },
    );
    if (result.kind === 'source-missing') return [];
    if (result.kind === 'source-incomplete') {
      throw new LadingError('source-incomplete', `${locationKey(subject)} lacks ${result.missing.join(', ')}`);
    }
    const { bytesMoved, blobsCopied, manifestsCopied } = result;
    const blobsSkipped = result.blobsSkipped + result.blobsMounted;
    drafts.push(
      draftEvent(imageReplicated, {
        subject,
        target,
        bytesMoved,
        blobsCopied,
        blobsSkipped,
        manifests: manifestsCopied,
      }),
    );
  }
  return drafts;
}

export const handler = stageHandler(once(stagePorts), [
  route({
    on: imageSigned,
    key: ({ subject, signature }) => ({ subject: locationKey(subject), stage: 'replicate', version: signature.digest }),
    perform: ({ subject }) => replicate(subject),
  }),
  route({
    on: replicaDiverged,
    // Each divergence is repaired once; the next sweep tells if that was not enough.
    key: ({ subject }, { id }) => ({ subject: locationKey(subject), stage: 'repair', version: id }),
    perform: ({ subject }) => replicate(subject),
  }),
]);
