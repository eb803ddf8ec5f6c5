import type { Digest } from '../../core/digest.ts';
import type { CatalogEntry, CatalogReader, RepositoryName, TagBinding } from '../../inventory/index.ts';
import type { RetentionConfig } from '../config.ts';
import { blobsOfEntry } from '../freed-bytes.ts';
import type { ExpiringGraph, Hold, Lease, Quarantine, RetentionPlan } from '../model.ts';
import { planRetention } from '../plan-retention.ts';
import type { HoldStore } from '../ports.ts';
import type { EventHistory, Regret, Replay, ReplayOutcome } from './model.ts';
import { type RepositoryHistory, readHistory, type Use } from './read-history.ts';

export interface ReplayPorts {
  readonly catalog: Pick<CatalogReader, 'repositories' | 'entries' | 'tags'>;
  readonly holds: Pick<HoldStore, 'holds'>;
  readonly history: EventHistory;
}

const DAY_MS = 24 * 3600 * 1000;
const MAX_TOLD = 1_000;

/**
 * What a policy would have done in the past, day by day, and what of that was pulled or started after it had been deleted.
 * Pure but for reading: what was there comes from the catalogue, which keeps what is gone, and what happened from the
 * audit trail.
 */
export async function replayRetention(
  ports: ReplayPorts,
  registry: string,
  config: RetentionConfig,
  { since, until }: { readonly since: Date; readonly until: Date },
): Promise<Replay> {
  const { recordedSince, repositories } = await readHistory(ports.history, registry, config);
  const outcomes = new Map<string, ReplayOutcome>();
  const regretted: Regret[] = [];
  let uses = 0;
  for await (const of of ports.catalog.repositories()) {
    if (of.registry !== registry) continue;
    const history = repositories.get(of.repository) ?? { tags: new Map(), uses: [] };
    uses += history.uses.filter(({ at }) => at >= since.getTime() && at <= until.getTime()).length;
    const past = await readPast(ports, of, history);
    const result = replayRepository(past, config, since.getTime(), until.getTime());
    if (result.policy === undefined) continue;
    outcomes.set(result.policy, add(outcomes.get(result.policy) ?? nothing, result.outcome));
    regretted.push(...result.regretted);
  }
  return {
    registry,
    since: since.toISOString(),
    until: until.toISOString(),
    ...(recordedSince === undefined ? {} : { recordedSince }),
    uses,
    total: [...outcomes.values()].reduce(add, nothing),
    policies: [...outcomes].map(([policy, outcome]) => ({ policy, ...outcome })),
    regretted: regretted.sort((a, b) => b.bytes - a.bytes).slice(0, MAX_TOLD),
  };
}

const nothing: ReplayOutcome = { graphs: 0, manifests: 0, bytes: 0, regrets: 0, regretBytes: 0, rescued: 0 };

const add = (a: ReplayOutcome, b: ReplayOutcome): ReplayOutcome => ({
  graphs: a.graphs + b.graphs,
  manifests: a.manifests + b.manifests,
  bytes: a.bytes + b.bytes,
  regrets: a.regrets + b.regrets,
  regretBytes: a.regretBytes + b.regretBytes,
  rescued: a.rescued + b.rescued,
});

interface Past {
  readonly of: RepositoryName;
  readonly entries: readonly CatalogEntry[];
  readonly bindings: readonly TagBinding[];
  readonly holds: readonly Hold[];
  readonly history: RepositoryHistory;
}

async function readPast(ports: ReplayPorts, of: RepositoryName, history: RepositoryHistory): Promise<Past> {
  const [entries, bindings, holds] = await Promise.all([
    Array.fromAsync(ports.catalog.entries(of, { deleted: true })),
    Array.fromAsync(ports.catalog.tags(of)),
    ports.holds.holds(of),
  ]);
  return { of, entries, bindings, holds, history };
}

interface Deleted {
  readonly root: Digest;
  readonly graph: ExpiringGraph;
  readonly at: number;
  regretted: boolean;
}

/** The repository as it would have been: what is gone, and what is set aside. */
interface Imagined {
  readonly gone: Map<Digest, Deleted>;
  readonly aside: Map<Digest, Quarantine>;
  readonly leases: Lease[];
  rescued: number;
}

function replayRepository(
  past: Past,
  config: RetentionConfig,
  since: number,
  until: number,
): { readonly policy?: string; readonly outcome: ReplayOutcome; readonly regretted: readonly Regret[] } {
  const imagined: Imagined = { gone: new Map(), aside: new Map(), leases: [], rescued: 0 };
  const regretted: Regret[] = [];
  const deleted: Deleted[] = [];
  const sizes = new Map(past.entries.map((entry) => [entry.digest, entry] as const));
  let policy: string | undefined;
  let next = past.history.uses.findIndex(({ at }) => at >= since);
  if (next < 0) next = past.history.uses.length;
  for (let day = since; day <= until; day += DAY_MS) {
    const plan = planThen(past, imagined, config, day);
    policy ??= plan.policy;
    if (policy === undefined) break;
    deleted.push(...carryOut(plan, imagined, day));
    for (; next < past.history.uses.length; next++) {
      const use = past.history.uses[next] as Use;
      if (use.at >= day + DAY_MS || use.at > until) break;
      const regret = meet(use, imagined, plan);
      if (regret) regretted.push(toRegret(past, plan, regret, use, sizes));
    }
  }
  const outcome: ReplayOutcome = {
    graphs: deleted.length,
    manifests: deleted.reduce((sum, { graph }) => sum + graph.deletes.length, 0),
    bytes: bytesOf(
      deleted.flatMap(({ graph }) => graph.deletes),
      sizes,
    ),
    regrets: regretted.length,
    regretBytes: bytesOf(
      deleted.filter((one) => one.regretted).flatMap(({ graph }) => graph.deletes),
      sizes,
    ),
    rescued: imagined.rescued,
  };
  return { ...(policy === undefined ? {} : { policy }), outcome, regretted };
}

function planThen(past: Past, { gone, aside, leases }: Imagined, config: RetentionConfig, now: number): RetentionPlan {
  const time = new Date(now).toISOString();
  const { uses } = past.history;
  const known = uses.filter(({ at }) => at <= now);
  const started = known.flatMap(({ digest, by, until }): Lease[] =>
    until !== undefined && until > time ? [{ digest, reason: by, until }] : [],
  );
  return planRetention({
    of: past.of,
    entries: past.entries.filter(
      ({ digest, firstSeenAt, deletedAt }) =>
        firstSeenAt <= time && (deletedAt === undefined || deletedAt > time) && !gone.has(digest),
    ),
    tags: tagsThen(past, now).filter(({ digest }) => digest === undefined || !gone.has(digest)),
    leases: [...started, ...leases.filter(({ until }) => until > time)],
    holds: past.holds.filter((hold) => hold.since <= time),
    pulls: lastOf(known.filter(({ how }) => how === 'pulled')),
    uses: lastOf(known.filter(({ how }) => how === 'started')),
    quarantined: [...aside.values()],
    heldElsewhere: () => false,
    config: { ...config, dryRun: false },
    now: new Date(now),
  });
}

function lastOf(uses: readonly Use[]): { readonly since: string; readonly last: Map<Digest, string> } | undefined {
  const [first] = uses;
  if (!first) return undefined;
  return {
    since: new Date(first.at).toISOString(),
    last: new Map(uses.map(({ digest, at }) => [digest, new Date(at).toISOString()])),
  };
}

/** What each tag named then: by what was recorded, and where nothing was, by what it names since before that. */
function tagsThen({ of, bindings, history }: Past, now: number): TagBinding[] {
  const found = new Map<string, TagBinding>();
  for (const binding of bindings) if (Date.parse(binding.boundAt) <= now) found.set(binding.tag, binding);
  for (const [tag, changes] of history.tags) {
    const last = changes.findLast(({ at }) => at <= now);
    if (last) found.set(tag, { ...of, tag, digest: last.digest, boundAt: new Date(last.at).toISOString() });
  }
  return [...found.values()];
}

function carryOut(plan: RetentionPlan, { gone, aside }: Imagined, now: number): readonly Deleted[] {
  for (const { root } of plan.release) aside.delete(root);
  if (plan.refused !== undefined) return [];
  const deleted: Deleted[] = [];
  const remove = (graph: ExpiringGraph): void => {
    const one: Deleted = { root: graph.root, graph, at: now, regretted: false };
    for (const digest of graph.deletes) gone.set(digest, one);
    aside.delete(graph.root);
    deleted.push(one);
  };
  for (const graph of plan.expire) {
    if (plan.quarantineDays > 0 || graph.action === 'quarantine') aside.set(graph.root, toAside(graph, plan, now));
    else remove(graph);
  }
  for (const graph of plan.due) remove(graph);
  return deleted;
}

const toAside = (graph: ExpiringGraph, { quarantineDays }: RetentionPlan, now: number): Quarantine => ({
  root: graph.root,
  mediaType: graph.mediaType,
  // Its tags are those that the past says: nothing is taken away here.
  tags: [],
  digests: graph.deletes,
  why: graph.why,
  action: graph.action,
  method: 'marked',
  quarantinedAt: new Date(now).toISOString(),
  ...(graph.action === 'quarantine' ? {} : { until: new Date(now + quarantineDays * DAY_MS).toISOString() }),
});

/** The deletion that the use would have missed its image by, the first time. What is only set aside is put back. */
function meet(use: Use, imagined: Imagined, plan: RetentionPlan): Deleted | undefined {
  const { gone, aside, leases } = imagined;
  for (const one of aside.values()) {
    if (!one.digests.includes(use.digest)) continue;
    aside.delete(one.root);
    imagined.rescued++;
    const until = new Date(use.at + Math.max(1, plan.quarantineDays) * DAY_MS).toISOString();
    leases.push({ digest: one.root, reason: 'released from quarantine', until });
  }
  const missed = gone.get(use.digest);
  if (!missed || missed.regretted || use.at <= missed.at) return undefined;
  missed.regretted = true;
  return missed;
}

const toRegret = (
  { of }: Past,
  plan: RetentionPlan,
  { root, graph, at }: Deleted,
  use: Use,
  sizes: ReadonlyMap<Digest, CatalogEntry>,
): Regret => ({
  repository: of.repository,
  digest: use.digest,
  root,
  tags: graph.tags,
  policy: plan.policy ?? '',
  why: graph.why,
  deletedAt: new Date(at).toISOString(),
  usedAt: new Date(use.at).toISOString(),
  how: use.how,
  bytes: bytesOf(graph.deletes, sizes),
});

function bytesOf(digests: readonly Digest[], entries: ReadonlyMap<Digest, CatalogEntry>): number {
  const blobs = new Map<Digest, number>();
  for (const digest of digests) {
    const entry = entries.get(digest);
    for (const [blob, size] of entry ? blobsOfEntry(entry) : []) blobs.set(blob, size);
  }
  return [...blobs.values()].reduce((sum, size) => sum + size, 0);
}
