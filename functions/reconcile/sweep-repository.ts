import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import type { Digest } from '../../lib/core/digest.ts';
import type { EventDraft } from '../../lib/events/index.ts';
import { dynamoCatalog } from '../../lib/inventory/adapters/dynamo-catalog.ts';
import { listRepository, type RepositoryName, reconcileRepository } from '../../lib/inventory/index.ts';
import { dynamoReplicas } from '../../lib/replication/adapters/dynamo-replicas.ts';
import { divergedReplicas, replicationConfigSchema, replicationTargets } from '../../lib/replication/index.ts';
import { GENERATOR_VERSION } from '../../lib/sbom/model.ts';
import { dynamoLedger } from '../../lib/work/adapters/dynamo-ledger.ts';
import { once } from '../_pipe/once.ts';
import { registries } from '../_pipe/registries.ts';
import { setting, table } from '../_pipe/wiring.ts';

export const sweepPorts = once(() => ({
  catalog: dynamoCatalog(table('catalog'), systemClock),
  ledger: dynamoLedger(table('work'), systemClock),
  replicas: dynamoReplicas(table('replicas')),
  clock: systemClock,
}));
const replication = once(() => setting('replication', replicationConfigSchema));

/** Compares one repository with what is known of it, and, where it is copied, with its copies. */
export async function sweepRepository(
  of: RepositoryName,
  options: {
    readonly isSource: boolean;
    readonly graceMs: number;
    /** Whether images that nobody told of are told. */
    readonly announces: boolean;
    readonly publish: (drafts: readonly EventDraft[]) => Promise<void>;
  },
): Promise<void> {
  const { isSource, graceMs, announces, publish } = options;
  const ports = sweepPorts();
  const config = replication();
  const list = async ({ registry, repository }: RepositoryName) =>
    listRepository(await registries().open(registry), repository, systemClock);
  const replicated = isSource && replicationTargets(config, of).length > 0;
  const listing = await list(of);
  const { events, ...counts } = await reconcileRepository(ports, of, listing, {
    ...{ graceMs, replicated, announces, sbomVersion: GENERATOR_VERSION },
  });
  await publish(events);
  const mediaTypeOf = async (digest: Digest) => (await ports.catalog.find({ ...of, digest }))?.mediaType;
  const diverged = replicated
    ? await divergedReplicas({ ...ports, list, mediaTypeOf }, of, { config, tags: listing.tags, graceMs })
    : [];
  await publish(diverged);
  logger.info(`${of.registry}/${of.repository}`, { ...counts, diverged: diverged.length });
}
