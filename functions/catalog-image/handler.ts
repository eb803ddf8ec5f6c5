import { systemClock } from '../../lib/core/clock.ts';
import { locationKey } from '../../lib/core/image-reference.ts';
import { imageDeleted, imagePushed, imageStorageChanged, readEvent } from '../../lib/events/index.ts';
import { dynamoCatalog } from '../../lib/inventory/adapters/dynamo-catalog.ts';
import { bindTags, catalogImage, forgetImage, recordStorageClass } from '../../lib/inventory/index.ts';
import { dynamoReplicas } from '../../lib/replication/adapters/dynamo-replicas.ts';
import { eventsHandler } from '../_pipe/events-handler.ts';
import { once } from '../_pipe/once.ts';
import { registries, registriesConfig } from '../_pipe/registries.ts';
import { performStage, route } from '../_pipe/stage-handler.ts';
import { stagePorts, table } from '../_pipe/wiring.ts';

const ports = once(() => ({
  stage: stagePorts(),
  catalog: dynamoCatalog(table('catalog'), systemClock),
  replicas: dynamoReplicas(table('replicas')),
}));

const cataloging = route({
  on: imagePushed,
  key: ({ subject }) => ({ subject: locationKey(subject), stage: 'catalog', version: '1' }),
  perform: async ({ subject, pushedAt, copiedFrom: from }) => {
    const { catalog, replicas } = ports();
    const registry = await registries().open(subject.registry);
    // What comes from an account that is none of ours is news here, whoever brought it.
    const copiedFrom = registriesConfig().entries.some(({ host }) => host === from) ? from : undefined;
    return catalogImage({ catalog, replicas, registry, clock: systemClock }, { ...subject, pushedAt, copiedFrom });
  },
});

export const handler = eventsHandler(async (event, delivery) => {
  const { catalog, stage } = ports();
  const { ledger } = stage;
  if (event['detail-type'] === imageDeleted.detailType) {
    const { subject, deletedAt } = readEvent(imageDeleted, event).detail.data;
    const registry = await registries().open(subject.registry);
    await forgetImage({ catalog, ledger, registry }, { ...subject, deletedAt });
    return;
  }
  if (event['detail-type'] === imageStorageChanged.detailType) {
    const { subject, storageClass, changedAt } = readEvent(imageStorageChanged, event).detail.data;
    const registry = await registries().open(subject.registry);
    await recordStorageClass({ catalog, ledger, registry }, { ...subject, storageClass, changedAt });
    return;
  }
  const { data, metadata } = readEvent(imagePushed, event).detail;
  // Tags are bound for every event, since a digest that is known already may have got another tag.
  await bindTags(catalog, data.subject, { boundAt: data.pushedAt, sweep: metadata.sweep === true });
  await performStage(stage, [cataloging], event, delivery);
});
