import { z } from 'zod';
import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import type { Digest } from '../../lib/core/digest.ts';
import { type EventDraft, publishable } from '../../lib/events/index.ts';
import { dynamoCatalog } from '../../lib/inventory/adapters/dynamo-catalog.ts';
import { listRepository, type RepositoryName, reconcileRepository } from '../../lib/inventory/index.ts';
import { dynamoReplicas } from '../../lib/replication/adapters/dynamo-replicas.ts';
import { divergedReplicas, replicationConfigSchema, replicationTargets } from '../../lib/replication/index.ts';
import { dynamoLedger } from '../../lib/work/adapters/dynamo-ledger.ts';
import { eventsHandler } from '../_pipe/events-handler.ts';
import { once } from '../_pipe/once.ts';
import { registries, registriesConfig } from '../_pipe/registries.ts';
import { publisher, setting, table } from '../_pipe/wiring.ts';

/** An image whose last sign of life is younger is still on its way. */
const GRACE_MS = 15 * 60 * 1000;

const ports = once(() => ({
  catalog: dynamoCatalog(table('catalog'), systemClock),
  ledger: dynamoLedger(table('work'), systemClock),
  replicas: dynamoReplicas(table('replicas')),
  clock: systemClock,
  publisher: publisher(),
  replication: setting('replication', replicationConfigSchema),
}));

const findDiverged = (of: RepositoryName, tags: ReadonlyMap<string, Digest>, graceMs: number) => {
  const { replicas, catalog, replication } = ports();
  return divergedReplicas(
    {
      replicas,
      clock: systemClock,
      list: async (target) => listRepository(await registries().open(target.registry), target.repository),
      mediaTypeOf: async (digest) => (await catalog.find({ ...of, digest }))?.mediaType,
    },
    of,
    { config: replication, tags, graceMs },
  );
};

/** EventBridge's tick has no detail; a sweep that is asked for by hand may say that it looks at younger images, too. */
const tickSchema = z.object({ graceMs: z.number().nonnegative().default(GRACE_MS) }).catch({ graceMs: GRACE_MS });

export const handler = eventsHandler(async (tick) => {
  const wired = ports();
  const { graceMs } = tickSchema.parse(tick.detail);
  const publish = (drafts: readonly EventDraft[]): Promise<void> =>
    wired.publisher.publish(
      drafts.map((draft) => publishable(draft, { root: tick.id, sweep: true }, systemClock.now())),
    );
  for (const { host, role } of registriesConfig().entries) {
    const registry = await registries().open(host);
    for await (const repository of registry.listRepositories()) {
      const of = { registry: host, repository };
      const replicated = role === 'source' && replicationTargets(wired.replication, of).length > 0;
      const listing = await listRepository(registry, repository);
      const { events, ...counts } = await reconcileRepository(wired, of, listing, { graceMs, replicated });
      await publish(events);
      const diverged = replicated ? await findDiverged(of, listing.tags, graceMs) : [];
      await publish(diverged);
      logger.info(`${host}/${repository}`, { ...counts, diverged: diverged.length });
    }
  }
});
