import { systemClock } from '../../lib/core/clock.ts';
import { locationKey } from '../../lib/core/image-reference.ts';
import { imageDeleted, imagePushed, readEvent } from '../../lib/events/index.ts';
import { dynamoCatalog } from '../../lib/inventory/adapters/dynamo-catalog.ts';
import { catalogImage, forgetImage } from '../../lib/inventory/index.ts';
import { dynamoReplicas } from '../../lib/replication/adapters/dynamo-replicas.ts';
import { eventsHandler } from '../_pipe/events-handler.ts';
import { once } from '../_pipe/once.ts';
import { registries } from '../_pipe/registries.ts';
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
  perform: async ({ subject, pushedAt }) => {
    const { catalog, replicas } = ports();
    const registry = await registries().open(subject.registry);
    return catalogImage({ catalog, replicas, registry, clock: systemClock }, { ...subject, pushedAt });
  },
});

export const handler = eventsHandler(async (event, delivery) => {
  const { catalog, stage } = ports();
  if (event['detail-type'] === imageDeleted.detailType) {
    const { subject, deletedAt } = readEvent(imageDeleted, event).detail.data;
    await forgetImage({ catalog, registry: await registries().open(subject.registry) }, { ...subject, deletedAt });
    return;
  }
  const { subject, pushedAt } = readEvent(imagePushed, event).detail.data;
  // Tags are bound for every event, since a digest that is known already may have got another tag.
  for (const tag of subject.tags) await catalog.bindTag({ ...subject, tag, boundAt: pushedAt });
  await performStage(stage, [cataloging], event, delivery);
});
