import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import type { Digest } from '../../lib/core/digest.ts';
import type { EventDraft } from '../../lib/events/index.ts';
import { parseManifest } from '../../lib/formats/oci/index.ts';
import {
  type CatalogReader,
  listRepository,
  type RegistryListing,
  type RepositoryName,
} from '../../lib/inventory/index.ts';
import { dynamoStates } from '../../lib/replication/adapters/dynamo-states.ts';
import {
  checkReplica,
  compareReplica,
  deriveIndex,
  type ExpectedImage,
  type ExpectedState,
  expectedStates,
  followSchedules,
  planRepairs,
  planWithdrawals,
  type ReplicaStore,
  type ReplicationConfig,
  replicationTargets,
  type SourceDeletions,
  sourceView,
  type TargetView,
} from '../../lib/replication/index.ts';
import type { WorkLedger } from '../../lib/work/index.ts';
import { once } from '../_pipe/once.ts';
import { registries } from '../_pipe/registries.ts';
import { table } from '../_pipe/wiring.ts';

export interface ReplicaSweep {
  readonly ports: {
    readonly catalog: CatalogReader;
    readonly ledger: Pick<WorkLedger, 'list'>;
    readonly replicas: ReplicaStore;
  };
  readonly config: ReplicationConfig;
  readonly graceMs: number;
  readonly trigger: 'schedule' | 'manual';
  readonly rule?: string | undefined;
  readonly publish: (drafts: readonly EventDraft[]) => Promise<void>;
}

/** Copies that one run asks for, of one repository at one target; the next run goes on. */
const REQUESTS_A_RUN = 500;
/** Images that one run asks for to the last blob, of one repository at one target. */
const DEEP_CHECKS_A_RUN = 20;

const states = once(() => dynamoStates(table('replicas')));

/** Compares a repository with its copies at every target, says what is to be done, and keeps what was found. */
export async function sweepReplicas(
  of: RepositoryName,
  listing: RegistryListing,
  sweep: ReplicaSweep,
): Promise<number> {
  const { gone, ...view } = await sourceView(sweep.ports, of, listing.tags);
  const source = await registries().open(of.registry);
  const derive = async (root: Digest, platforms: readonly string[]) => {
    const made = await deriveIndex(source, { repository: of.repository, digest: root }, platforms);
    const found = made && (await made.reader.getManifest({ repository: of.repository, reference: made.digest }));
    const index = found && parseManifest(found.bytes, found.mediaType, { digest: made.digest });
    return made && index?.kind === 'index'
      ? { digest: made.digest, children: index.manifests.map(({ digest }) => digest) }
      : undefined;
  };
  const expected = await expectedStates(sweep.config, view, derive);
  let differences = 0;
  for (const one of [...expected, ...(await emptied(of, expected, sweep))]) {
    differences += await sweepTarget(of, one, gone, sweep);
  }
  return differences;
}

/** Targets that held something and should hold nothing any more: what is there may have to go. */
async function emptied(
  of: RepositoryName,
  expected: readonly ExpectedState[],
  { config }: ReplicaSweep,
): Promise<readonly ExpectedState[]> {
  const found: ExpectedState[] = [];
  for (const { registry, repository, rule } of replicationTargets(config, of)) {
    const target = { registry, repository };
    const isExpected = expected.some((one) => one.target.registry === registry && one.target.repository === repository);
    if (isExpected || (await states().find(of, target)) === undefined) continue;
    found.push({ target, rules: [rule], tags: new Map(), manifests: new Map() });
  }
  return found;
}

async function sweepTarget(
  of: RepositoryName,
  expected: ExpectedState,
  gone: SourceDeletions,
  { ports, config, graceMs, trigger, rule, publish }: ReplicaSweep,
): Promise<number> {
  const now = systemClock.now();
  const before = await states().find(of, expected.target);
  const target = await targetView(of, expected, config);
  const options = { now, graceMs, deepChecks: DEEP_CHECKS_A_RUN };
  const comparison = await compareReplica(of, expected, target, before, options);
  const schedules = followSchedules(config, before, expected.rules, now);
  const choice = { now, trigger, rule, most: REQUESTS_A_RUN, isDue: schedules.isDue };
  const repairs = await planRepairs(ports, config, of, expected, comparison, choice);
  await publish(repairs);
  await publish(await planWithdrawals(ports, config, of, expected.target, comparison, gone, { ...choice, before }));
  // A run by hand follows no schedule.
  const followed = trigger === 'manual' ? before?.followed : schedules.next(repairs.length < REQUESTS_A_RUN);
  await states().save({ ...comparison.state, ...(followed ? { followed } : {}) });
  const { missing, moved, corrupted, lagMs, provenEqualAt } = comparison.state;
  const found = { missing, moved, corrupted, lagMs, provenEqualAt, looked: comparison.looked };
  logger.info(`${expected.target.registry}/${expected.target.repository} as a copy`, found);
  return comparison.differences.length;
}

/** What the target has: by its own list where it can give one, else digest by digest. */
async function targetView(of: RepositoryName, expected: ExpectedState, config: ReplicationConfig): Promise<TargetView> {
  const [source, target] = await Promise.all([
    registries().open(of.registry),
    registries().open(expected.target.registry),
  ]);
  const listed = await listRepository(target, expected.target.repository, systemClock);
  const known = target.listImages ? new Set([...listed.tags.values(), ...listed.untagged]) : undefined;
  const platformsOf = (image: ExpectedImage) => config.rules.find(({ name }) => name === image.rule)?.platforms;
  return {
    tags: listed.tags,
    listed: known,
    has: async (digest) => (known ? known.has(digest) : listed.has(digest)),
    async deep(image) {
      const at = { repository: of.repository, digest: image.root };
      const platforms = platformsOf(image);
      const derived = platforms && (await deriveIndex(source, at, platforms));
      return checkReplica(
        { source: derived?.reader ?? source, target },
        { source: { ...of, digest: image.at }, target: expected.target, tags: image.tags },
      );
    },
  };
}
