import type { Digest } from '../core/digest.ts';
import { draftEvent, type EventDraft, replicaDiverged, replicationRequested } from '../events/index.ts';
import { isOpen } from '../selection/index.ts';
import type { Comparison, Difference } from './compare-replica.ts';
import type { ReplicationConfig, ReplicationRule } from './config.ts';
import type { ExpectedImage, ExpectedState } from './expected-state.ts';
import type { RepositoryAddress } from './model.ts';
import type { ReplicaReader, TagLedger } from './ports.ts';
import type { ReplicaState } from './replica-state.ts';
import { type RuledTarget, ruledTargets } from './replication-targets.ts';

export interface RepairPorts {
  readonly replicas: Pick<ReplicaReader, 'find'> & { readonly tags: TagLedger };
}

export interface RepairOptions {
  readonly now: Date;
  /** What set the sweep off: a rule may want to be left alone by the schedule. */
  readonly trigger: 'schedule' | 'manual';
  /** Only for this rule, where one was named. */
  readonly rule?: string | undefined;
  /** Whether the schedule asks for copies of a rule now. @default of all */
  readonly isDue?: ((rule: ReplicationRule) => boolean) | undefined;
  /** Copies that are asked for in one run; the next run asks for the rest. */
  readonly most: number;
}

/**
 * What is to be done about what a comparison found. What had arrived whole once and is not so any more diverged; what
 * never came is asked for. Copies outside of the windows of their target wait for a sweep inside of one.
 */
export async function planRepairs(
  { replicas }: RepairPorts,
  config: ReplicationConfig,
  source: RepositoryAddress,
  expected: ExpectedState,
  { differences }: Pick<Comparison, 'differences'>,
  options: RepairOptions,
): Promise<readonly EventDraft[]> {
  const places = placesOf(config, source, expected.target);
  const drafts: EventDraft[] = [];
  for (const { image, kind, part, detail } of differences) {
    const place = places.get(image.rule);
    if (place === undefined || (options.rule !== undefined && options.rule !== image.rule)) continue;
    if (!isOpen(place.settings.windows, options.now)) continue;
    if (place.rule.via === 'ecr' && options.now.getTime() - Date.parse(image.since) < ECR_TAKES_MS) continue;
    const record = await replicas.find({ ...expected.target, digest: part ?? image.at });
    if (record?.state === 'complete' && options.trigger === 'schedule') {
      drafts.push(divergence(source, expected.target, image, kind, detail));
    } else if (takes(place.rule, options)) drafts.push(request(source, expected.target, image, options.trigger));
    if (drafts.length >= options.most) break;
  }
  return drafts;
}

/** "The majority of images replicate in less than 30 minutes" (ECR user guide); what takes longer, Lading copies. */
const ECR_TAKES_MS = 2 * 3600 * 1000;

const takes = (rule: ReplicationRule, { trigger, isDue }: RepairOptions): boolean =>
  (rule.triggers?.includes(trigger) ?? true) && (trigger === 'manual' || (isDue?.(rule) ?? true));

const placesOf = (
  config: ReplicationConfig,
  source: RepositoryAddress,
  target: RepositoryAddress,
): ReadonlyMap<string, RuledTarget> =>
  new Map(
    ruledTargets(config, source)
      .filter(({ registry, repository }) => registry === target.registry && repository === target.repository)
      .map((place) => [place.rule.name, place]),
  );

const subjectOf = (source: RepositoryAddress, { root, mediaType, tags }: ExpectedImage) => ({
  registry: source.registry,
  repository: source.repository,
  digest: root,
  mediaType,
  tags: [...tags],
});

const divergence = (
  source: RepositoryAddress,
  target: RepositoryAddress,
  image: ExpectedImage,
  difference: Difference['kind'],
  detail: string,
): EventDraft =>
  draftEvent(replicaDiverged, {
    subject: subjectOf(source, image),
    target,
    difference,
    detail: `${target.registry}/${target.repository}: ${detail}`,
  });

const request = (
  source: RepositoryAddress,
  target: RepositoryAddress,
  image: ExpectedImage,
  trigger: RepairOptions['trigger'],
): EventDraft =>
  draftEvent(replicationRequested, {
    ...{ subject: subjectOf(source, image), target, rule: image.rule, action: 'copy', lane: 'usual', part: 0 },
    reason: trigger === 'manual' ? 'manual' : 'backfill',
  });

/** What was deleted at the source, and when. */
export interface SourceDeletions {
  /** Tags that are there now. */
  readonly tags: ReadonlyMap<string, Digest>;
  /** Tags that were deleted, with the time. ISO 8601. */
  readonly deletedTags: ReadonlyMap<string, string>;
  /** Images that were deleted, with the time. */
  readonly deletedImages: readonly {
    readonly digest: Digest;
    readonly mediaType: string;
    readonly deletedAt: string;
  }[];
}

const DAY_MS = 24 * 3600 * 1000;

/**
 * Copies to take away, by the rules that say so: only what Lading itself brought, of what the source has deleted, once
 * the grace period of its tombstone is over. What somebody else put there is told of, once, and left.
 */
export async function planWithdrawals(
  { replicas }: RepairPorts,
  config: ReplicationConfig,
  source: RepositoryAddress,
  target: RepositoryAddress,
  { extra }: Pick<Comparison, 'extra'>,
  gone: SourceDeletions,
  options: Pick<RepairOptions, 'now' | 'most'> & { readonly before: Pick<ReplicaState, 'extra'> | undefined },
): Promise<readonly EventDraft[]> {
  const places = [...placesOf(config, source, target).values()];
  // Where several rules fill one place, the most careful of them decides.
  const graces = places.map(({ rule }) => graceOf(rule));
  const place = places[0];
  if (place === undefined || graces.includes(undefined)) return [];
  const graceMs = Math.max(...graces.map((grace) => grace ?? 0));
  const isDue = (at: string | undefined): boolean =>
    at !== undefined && options.now.getTime() - Date.parse(at) >= graceMs;
  const due = new Map<Digest, { readonly mediaType: string; readonly tags: string[] }>();
  const foreign: { readonly tag: string; readonly digest: Digest }[] = [];
  for (const { tag, digest } of extra) {
    if ((await replicas.tags.find(target, tag))?.digest !== digest) foreign.push({ tag, digest });
    else if (!gone.tags.has(tag) && isDue(gone.deletedTags.get(tag))) {
      const known = due.get(digest) ?? { mediaType: 'application/octet-stream', tags: [] };
      known.tags.push(tag);
      due.set(digest, known);
    }
  }
  for (const { digest, mediaType, deletedAt } of gone.deletedImages) {
    if (!isDue(deletedAt)) continue;
    if ((await replicas.find({ ...target, digest })) === undefined) continue;
    due.set(digest, { mediaType, tags: due.get(digest)?.tags ?? [] });
  }
  const { registry, repository } = source;
  const withdrawals = [...due].slice(0, options.most).map(([digest, { mediaType, tags }]) =>
    draftEvent(replicationRequested, {
      ...{ subject: { registry, repository, digest, mediaType, tags }, target, rule: place.rule.name },
      ...{ action: 'withdraw', reason: 'deleted', lane: 'usual', part: 0 },
    }),
  );
  const [first] = foreign;
  if (first === undefined || extra.length <= (options.before?.extra ?? 0)) return withdrawals;
  const detail = `${foreign.length} tags of ${target.registry}/${target.repository} are no copies, such as ${first.tag}`;
  const subject = {
    registry,
    repository,
    digest: first.digest,
    mediaType: 'application/octet-stream',
    tags: [first.tag],
  };
  return [...withdrawals, draftEvent(replicaDiverged, { subject, target, difference: 'extra', detail })];
}

/** Milliseconds; `undefined`: copies stay. */
function graceOf({ deletes = 'off' }: ReplicationRule): number | undefined {
  if (deletes === 'off') return undefined;
  return deletes === 'on' ? 0 : deletes.afterDays * DAY_MS;
}
