import { setTimeout as delay } from 'node:timers/promises';
import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { mapLimit } from '../../lib/core/concurrency.ts';
import type { Digest } from '../../lib/core/digest.ts';
import { locationKey } from '../../lib/core/image-reference.ts';
import {
  type EventDraft,
  type ImageSubject,
  imageAttested,
  imageSigned,
  replicaDiverged,
  replicationRequested,
} from '../../lib/events/index.ts';
import { dynamoCatalog } from '../../lib/inventory/adapters/dynamo-catalog.ts';
import { lastDecision, tagsOf } from '../../lib/inventory/index.ts';
import { dynamoRetention } from '../../lib/lifecycle/adapters/dynamo-retention.ts';
import { dynamoBudget } from '../../lib/registry/adapters/request-budgets.ts';
import { createKnownManifests } from '../../lib/registry/index.ts';
import { dynamoCheckpoints } from '../../lib/replication/adapters/dynamo-checkpoints.ts';
import { dynamoReplicas } from '../../lib/replication/adapters/dynamo-replicas.ts';
import { dynamoSlots } from '../../lib/replication/adapters/dynamo-slots.ts';
import {
  asksForContent,
  type CopyRun,
  createBlobPlaces,
  type ImageTarget,
  imageTargets,
  type RuledImage,
  type RuledTarget,
  replicateToTarget,
  replicationConfigSchema,
  replicationTargets,
  ruledTargets,
  withdrawReplica,
} from '../../lib/replication/index.ts';
import { describeContent, isOpen } from '../../lib/selection/index.ts';
import { largeWork } from './large-work.ts';
import { once } from './once.ts';
import { registries } from './registries.ts';
import { route, stageHandler } from './stage-handler.ts';
import { setting, stagePorts, table } from './wiring.ts';

type Lane = CopyRun['lane'];
interface Time {
  readonly signal: AbortSignal;
  readonly timeMs: number;
}

const catalog = once(() => dynamoCatalog(table('catalog'), systemClock));
const stage = once(stagePorts);
const config = once(() => setting('replication', replicationConfigSchema));
const retention = once(() => dynamoRetention(table('retention'), systemClock));
const ports = once(() => ({
  registries: registries(),
  replicas: dynamoReplicas(table('replicas')),
  // Where blobs went before, so that the base layers of the next image are mounted and not sent again.
  places: createBlobPlaces(),
  // Reading a manifest again would count as a pull.
  known: createKnownManifests(),
  checkpoints: dynamoCheckpoints(table('work'), systemClock),
  bytes: dynamoBudget(table('work'), systemClock),
  slots: dynamoSlots(table('work'), systemClock),
  pause: (ms: number) => delay(ms),
  movedAt: async (of: { readonly registry: string; readonly repository: string }, tag: string) =>
    (await catalog().tag(of, tag))?.boundAt,
  clock: systemClock,
  note: (message: string) => logger.warn(message),
}));

const DEFAULT_LARGE_BYTES = 4 * 1024 ** 3;
/** Nothing is begun in the last part of a run, so that what is on its way can arrive. Milliseconds. */
const LAST_MS = 45_000;
const TARGETS_AT_ONCE = 3;

function runOf(lane: Lane, { signal, timeMs }: Time, given: Partial<Pick<CopyRun, 'part' | 'thorough' | 'pushedAt'>>) {
  const end = systemClock.now().getTime() + timeMs - LAST_MS;
  const mayGoOn = (): boolean => systemClock.now().getTime() < end;
  return { lane, largeBytes: config().largeBytes ?? DEFAULT_LARGE_BYTES, mayGoOn, signal, part: 0, ...given };
}

/** The image as rules look at it: by its content only where some rule asks for that. */
async function imageOf(subject: ImageSubject, verdict: RuledImage['verdict']): Promise<RuledImage> {
  // A tag that the event tells of may not be in the catalogue yet; that it names the image is asked of the source.
  const tags = [...new Set([...subject.tags, ...(await tagsOf(catalog(), subject))])];
  if (!asksForContent(config(), subject)) return { tags, verdict };
  const entry = await catalog().find(subject);
  if (entry === undefined) return { tags, verdict };
  const referrers = await catalog().referrersOf(subject);
  const related = [...entry.children.map(({ digest }) => digest), ...referrers];
  const known = await mapLimit(related, 8, (digest) => catalog().find({ ...subject, digest }));
  const byDigest = new Map(known.filter((one) => one !== undefined).map((one) => [one.digest, one]));
  return { tags, verdict, content: describeContent(entry, (digest) => byDigest.get(digest), referrers) };
}

async function copyTo(
  subject: ImageSubject,
  targets: readonly ImageTarget[],
  run: CopyRun,
): Promise<readonly EventDraft[] | undefined> {
  const drafts = await mapLimit(targets, TARGETS_AT_ONCE, (to) => replicateToTarget(ports(), subject, to, run));
  return drafts.includes(undefined) ? undefined : drafts.flatMap((own) => own ?? []);
}

/** What an event sets off at once: not what waits for a window, or is left to ECR. The sweep looks after these. */
async function onEvent(subject: ImageSubject, verdict: RuledImage['verdict'], time: Time) {
  const targets = imageTargets(config(), subject, await imageOf(subject, verdict), 'event');
  const now = systemClock.now();
  const due = targets.filter(({ rule, settings }) => rule.via !== 'ecr' && isOpen(settings.windows, now));
  const pushedAt = due.length > 0 ? (await catalog().find(subject))?.pushedAt : undefined;
  return copyTo(subject, due, runOf('usual', time, { pushedAt }));
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

/** One place of one rule, whatever the verdict is by now: it was decided when the copy was asked for. */
async function targetOf(
  subject: ImageSubject,
  to: { readonly registry: string; readonly repository: string },
  rule?: string,
): Promise<ImageTarget | undefined> {
  const verdict = lastDecision(await stage().ledger.list(locationKey(subject))) ?? 'undecided';
  const image = await imageOf(subject, verdict);
  const isIt = (one: ImageTarget | RuledTarget): boolean =>
    one.registry === to.registry && one.repository === to.repository && (rule === undefined || one.rule.name === rule);
  const chosen = imageTargets(config(), subject, image).find(isIt);
  const place = ruledTargets(config(), subject).find(isIt);
  return chosen ?? (place && { ...place, tags: subject.tags.filter((tag) => image.tags.includes(tag)) });
}

async function withdraw(
  subject: ImageSubject,
  to: { readonly registry: string; readonly repository: string },
  rule: string,
  signal: AbortSignal,
): Promise<readonly EventDraft[]> {
  const [source, target] = await Promise.all([registries().open(subject.registry), registries().open(to.registry)]);
  return withdrawReplica(
    {
      source,
      target,
      replicas: ports().replicas,
      // A lease and a deletion that meet are settled in one write: see lib/lifecycle.
      isHeld: async (at) => !(await retention().condemn(at, at.digest, `replication by ${rule}`)),
      parentsOf: (at) => catalog().parentsOf(at),
    },
    subject,
    to,
    rule,
    { signal },
  );
}

/** What both workers do; each gets the events of its lane. */
export const replicationStage = (lane: Lane) =>
  stageHandler(stage, routesOf(lane), lane === 'large' ? largeWork : undefined);

const routesOf = (lane: Lane) => [
  route({
    on: imageSigned,
    key: ({ subject, signature }) => ({
      subject: locationKey(subject),
      stage: 'replicate',
      version: signature.digest,
    }),
    perform: ({ subject }, _metadata, signal, timeMs) => onEvent(subject, 'allow', { signal, timeMs }),
  }),
  route({
    on: imageAttested,
    key: ({ subject, verdict }) => ({
      subject: locationKey(subject),
      stage: 'replicate-statements',
      version: verdict,
    }),
    perform: async ({ subject, decision, superseded }, _metadata, signal, timeMs) => {
      // Of a denied image copies that are there already are told; else only rules that want such images copy it.
      const isTold = decision === 'allow' || (await wasCopied(subject));
      const events = await onEvent(subject, isTold ? 'allow' : decision, { signal, timeMs });
      await takeLeaveAtTargets(subject, superseded);
      return events;
    },
  }),
  route({
    on: replicaDiverged,
    // Each divergence is repaired once; the next sweep tells if that was not enough.
    key: ({ subject }, { id }) => ({ subject: locationKey(subject), stage: 'repair', version: id }),
    perform: async ({ subject, target, difference }, _metadata, signal, timeMs) => {
      if (difference === 'extra' || difference === 'conflict') return [];
      const to = await targetOf(subject, target);
      return to ? copyTo(subject, [to], runOf(lane, { signal, timeMs }, { thorough: true })) : [];
    },
  }),
  route({
    on: replicationRequested,
    key: ({ subject }, { id }) => ({ subject: locationKey(subject), stage: 'replicate-again', version: id }),
    bytes: async ({ subject, action }) => (action === 'copy' ? (await catalog().find(subject))?.sizeBytes : undefined),
    perform: async ({ subject, target, rule, action, part }, _metadata, signal, timeMs) => {
      if (action === 'withdraw') return withdraw(subject, target, rule, signal);
      const to = await targetOf(subject, target, rule);
      const pushedAt = (await catalog().find(subject))?.pushedAt;
      return to ? copyTo(subject, [to], runOf(lane, { signal, timeMs }, { part, pushedAt })) : [];
    },
  }),
];
