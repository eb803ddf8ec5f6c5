import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import type { EventDraft } from '../../lib/events/index.ts';
import { dynamoCatalog } from '../../lib/inventory/adapters/dynamo-catalog.ts';
import { listRepository, type RepositoryName, reconcileRepository } from '../../lib/inventory/index.ts';
import { dynamoReplicas } from '../../lib/replication/adapters/dynamo-replicas.ts';
import { replicationConfigSchema, replicationTargets } from '../../lib/replication/index.ts';
import { GENERATOR_VERSION } from '../../lib/sbom/generator-version.ts';
import { dynamoLedger } from '../../lib/work/adapters/dynamo-ledger.ts';
import type { WorkLedger } from '../../lib/work/index.ts';
import { once } from '../_pipe/once.ts';
import { registries } from '../_pipe/registries.ts';
import { setting, table } from '../_pipe/wiring.ts';
import { sweepReplicas } from './sweep-replicas.ts';

export const sweepPorts = once(() => ({
  catalog: dynamoCatalog(table('catalog'), systemClock),
  ledger: dynamoLedger(table('work'), systemClock),
  replicas: dynamoReplicas(table('replicas')),
  clock: systemClock,
}));
const replication = once(() => setting('replication', replicationConfigSchema));

export interface RepositorySweep {
  readonly isSource: boolean;
  readonly graceMs: number;
  /** Whether images that nobody told of are told. */
  readonly announces: boolean;
  readonly publish: (drafts: readonly EventDraft[]) => Promise<void>;
  /** Only copies are looked at, because somebody asked for it. */
  readonly replicate?: { readonly rule?: string | undefined } | undefined;
}

/** Compares one repository with what is known of it, and, where it is copied, with its copies. */
export async function sweepRepository(of: RepositoryName, options: RepositorySweep): Promise<void> {
  const { isSource, graceMs, announces, publish, replicate } = options;
  const ports = { ...sweepPorts(), ledger: remembering(sweepPorts().ledger) };
  const config = replication();
  const replicated = isSource && replicationTargets(config, of).length > 0;
  if (replicate && !replicated) return;
  const listing = await listRepository(await registries().open(of.registry), of.repository, systemClock);
  if (!replicate) {
    const { events, ...counts } = await reconcileRepository(ports, of, listing, {
      ...{ graceMs, replicated, announces, sbomVersion: GENERATOR_VERSION },
    });
    await publish(events);
    logger.info(`${of.registry}/${of.repository}`, { ...counts });
  }
  if (!replicated) return;
  const trigger = replicate ? 'manual' : 'schedule';
  await sweepReplicas(of, listing, { ports, config, graceMs, trigger, rule: replicate?.rule, publish });
}

/** What was recorded of an image is asked for once a sweep, though two look at it. */
function remembering(ledger: Pick<WorkLedger, 'list'>): Pick<WorkLedger, 'list'> {
  const known = new Map<string, ReturnType<WorkLedger['list']>>();
  return {
    list(subject) {
      const asked = known.get(subject) ?? ledger.list(subject);
      known.set(subject, asked);
      return asked;
    },
  };
}
