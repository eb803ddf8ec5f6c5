import type { Digest } from '../core/digest.ts';
import { groupBy } from '../core/group-by.ts';
import {
  type CatalogEntry,
  CompactRepository,
  DigestNumbers,
  type RepositoryName,
  type TagBinding,
} from '../inventory/index.ts';
import { whyNot } from './budgets.ts';
import { type Graph, indexGraph } from './closed-graphs.ts';
import type { RetentionConfig, RetentionPolicy } from './config.ts';
import { freedBytes, marksFor } from './freed-bytes.ts';
import { judgeRoots, type Roots, type TagVerdict, tellSpared, type Verdicts } from './judge-roots.ts';
import { liveTags } from './live-tags.ts';
import type { ExpiringGraph, Hold, Judgement, Lease, Pulls, Quarantine, RestoredTag, RetentionPlan } from './model.ts';
import { evaluatePolicy } from './policy/evaluate-policy.ts';
import { policyFor } from './policy/policy-for.ts';
import { type RowUnit, toUnits } from './policy/to-units.ts';
import { type ArchivePrices, describeWeighed, type Weighed, weighArchives } from './weigh-archive.ts';

interface PlanInputs {
  readonly leases: readonly Lease[];
  readonly holds?: readonly Hold[];
  /** Absent where the registry tells nothing of pulls. */
  readonly pulls?: Pulls | undefined;
  /** Absent where nobody reports what runs. */
  readonly uses?: Pulls | undefined;
  /** What gate and scan say; needed where a rule asks for it. */
  readonly judgements?: ReadonlyMap<Digest, Judgement>;
  /** What is set aside. Its tags count as if they were there still. */
  readonly quarantined?: readonly Quarantine[];
  readonly restored?: readonly RestoredTag[];
  /** Why nothing may be done, whatever the plan says: something that it rests on is missing. */
  readonly withheld?: string | undefined;
  /** What archiving and keeping cost; without it nobody weighs them. */
  readonly archivePrices?: ArchivePrices | undefined;
  readonly config: RetentionConfig;
  readonly now: Date;
}

export interface RepositoryInputs extends PlanInputs {
  readonly repository: CompactRepository;
  /** Whether another repository of the registry holds a blob, since storage is shared. */
  readonly heldElsewhere: (blob: number) => boolean;
  /** Which image of the registry is built on that of a row, if any is. */
  readonly dependentOf?: ((row: number) => string | undefined) | undefined;
  /** See `freedBytes`: one for all repositories of a registry. */
  readonly marks?: Uint8Array;
}

export interface RetentionInputs extends PlanInputs {
  readonly of: RepositoryName;
  readonly entries: Iterable<CatalogEntry>;
  readonly tags: Iterable<TagBinding>;
  readonly heldElsewhere: (blob: Digest) => boolean;
}

/** Plans a repository out of what the catalogue says of it. */
export function planRetention({ of, entries, tags, heldElsewhere, ...inputs }: RetentionInputs): RetentionPlan {
  const digests = new DigestNumbers();
  const repository = new CompactRepository(of, digests);
  for (const entry of entries) repository.addEntry(entry);
  for (const tag of tags) repository.addTag(tag);
  return planRepository({ ...inputs, repository, heldElsewhere: (blob) => heldElsewhere(digests.digestOf(blob)) });
}

/**
 * Plans a repository: pure, so that the same inputs always give the same plan and can be replayed.
 *
 * What is kept is marked first (tags that a rule keeps or no rule matches, leases, what is young, and everything that
 * hangs on these); only what is left over and hangs on an expired root is deleted. So nothing that a kept manifest
 * needs can be in a plan, however the graph looks.
 */
export function planRepository(inputs: RepositoryInputs): RetentionPlan {
  const { repository, config, now, holds = [], quarantined = [], dependentOf = () => undefined } = inputs;
  const { of } = repository;
  const graph = indexGraph(repository);
  const policy = policyFor(config, of.repository);
  const { verdicts, units } = judge(inputs, policy, graph);
  const roots = judgeRoots({ ...inputs, holds, dependentOf, policy }, verdicts, graph);
  const kept = graph.closure(roots.kept);
  const graphs = collectGraphs(repository, roots, graph, kept, verdicts);
  const setAside = new Map(quarantined.map((one) => [one.root, one] as const));
  const candidates = graphs.filter(({ plan: { root } }) => !setAside.has(root));
  const weighed = inputs.archivePrices
    ? weighArchives(repository, candidates, { ...inputs, policy, units }, inputs.archivePrices)
    : undefined;
  const expire = candidates.flatMap((one) => withCosts(one, weighed?.get(one.plan.root)));
  const due = graphs.filter(({ plan: { root } }) => isDue(setAside.get(root), now));
  // No digest is in two graphs.
  const count = [...expire, ...due].reduce((sum, { rows }) => sum + rows.length, 0);
  const refused = inputs.withheld ?? whyNot({ policy, config, now, entries: repository.size, deletes: count });
  const spared = [...tellSpared(repository, roots, kept, verdicts), ...tooDear(candidates, weighed)];
  const marks = inputs.marks ?? marksFor(repository.digests);
  const freed = (of: readonly Found[]): number =>
    freedBytes(
      repository,
      of.flatMap(({ rows }) => rows),
      inputs.heldElsewhere,
      marks,
    );
  const tagsWith = (wanted: TagVerdict['action'], isTold: (row: number) => boolean) =>
    verdicts.tags.flatMap(({ tag, row, why, action }) =>
      action === wanted && isTold(row) ? [{ tag, digest: repository.digestAt(row), why }] : [],
    );
  return {
    registry: of.registry,
    repository: of.repository,
    plannedAt: now.toISOString(),
    dryRun: config.dryRun,
    ...(policy.rules.length === 0 ? {} : { policy: policy.name }),
    ...(refused === undefined ? {} : { refused }),
    quarantineDays: policy.quarantineDays ?? config.quarantineDays,
    keep: tagsWith('keep', (row) => setAside.size === 0 || !setAside.has(repository.digestAt(row))),
    expire: expire.map(({ plan }) => plan),
    due: due.map(({ plan }) => plan),
    ...whatIsAside({ quarantined, graphs, due, spared }, graph, kept),
    untag: tagsWith('untag', (row) => !roots.held.has(row)),
    spared,
    // What goes to the registry's own archive is stored there still.
    freedBytes: freed(expire.filter(({ plan }) => plan.action !== 'ecr-archive')),
    ...sumOf(expire, weighed, inputs.archivePrices),
    dueBytes: freed(due),
  };
}

/** Left out where it is cheaper to let it expire. */
function withCosts(found: Found, weighed: Weighed | undefined): readonly Found[] {
  if (weighed === undefined) return [found];
  return weighed.dearer === undefined ? [{ ...found, plan: { ...found.plan, costs: describeWeighed(weighed) } }] : [];
}

function tooDear(
  candidates: readonly Found[],
  weighed: ReadonlyMap<Digest, Weighed> | undefined,
): RetentionPlan['spared'] {
  return candidates.flatMap(({ plan: { root, tags, why } }) => {
    const dearer = weighed?.get(root)?.dearer;
    return dearer === undefined ? [] : [{ digest: root, tags, rule: why, why: dearer }];
  });
}

function sumOf(
  expire: readonly Found[],
  weighed: ReadonlyMap<Digest, Weighed> | undefined,
  prices: ArchivePrices | undefined,
): Pick<RetentionPlan, 'archiving'> {
  const all = expire.flatMap(({ plan }) => weighed?.get(plan.root) ?? []);
  if (all.length === 0 || prices === undefined) return {};
  const sum = (of: (one: Weighed) => number): number => all.reduce((total, one) => total + of(one), 0);
  return {
    archiving: {
      bytes: sum(({ bytes }) => bytes),
      keepUsdPerMonth: sum(({ keepUsdPerMonth }) => keepUsdPerMonth),
      archiveUsdPerMonth: sum(({ archiveUsdPerMonth }) => archiveUsdPerMonth),
      leastUsd: sum(({ leastUsd }) => leastUsd),
      asOf: prices.asOf,
    },
  };
}

const isDue = (quarantine: Quarantine | undefined, now: Date): boolean =>
  quarantine?.until !== undefined && quarantine.until <= now.toISOString();

/** What stays aside, for it still goes by the rules, for itself or with what lists it; and what is put back. */
function whatIsAside(
  found: {
    readonly quarantined: readonly Quarantine[];
    readonly graphs: readonly Found[];
    readonly due: readonly Found[];
    readonly spared: RetentionPlan['spared'];
  },
  graph: Graph,
  kept: Uint8Array,
): Pick<RetentionPlan, 'waiting' | 'release'> {
  const { quarantined } = found;
  if (quarantined.length === 0) return { waiting: [], release: [] };
  const rootsOf = (graphs: readonly Found[]) => new Set(graphs.map(({ plan }) => plan.root));
  const going = rootsOf(found.graphs);
  const goingNow = rootsOf(found.due);
  const reasons = new Map(found.spared.map(({ digest, why }) => [digest, why]));
  return {
    waiting: quarantined.flatMap(({ root, tags, until = 'somebody decides' }) =>
      going.has(root) && !goingNow.has(root) ? [{ root, tags: tags.map(({ tag }) => tag), until }] : [],
    ),
    release: quarantined.flatMap(({ root }) => {
      const node = graph.nodeOf(root);
      if (node === undefined || !graph.isManifest(node)) return [{ root, why: 'it is gone' }];
      return kept[node] ? [{ root, why: reasons.get(root) ?? 'the rules keep it now' }] : [];
    }),
  };
}

function judge(
  inputs: RepositoryInputs,
  policy: RetentionPolicy,
  graph: Graph,
): { readonly verdicts: Verdicts; readonly units: readonly RowUnit[] } {
  const { repository, pulls, uses, judgements } = inputs;
  const live = liveTags(inputs, graph);
  const tagged = new Uint8Array(graph.nodes);
  for (const { node } of live) if (node !== undefined) tagged[node] = 1;
  const loose: number[] = [];
  for (let row = 0; row < repository.size; row++) {
    // What is listed twice is one, and its tags are those of the last row.
    const node = graph.nodeOfNumber(repository.manifest[row] as number);
    if (node === row && !tagged[row] && graph.isRoot(row)) loose.push(row);
  }
  const units = toUnits({ repository, graph, pulls, uses, judgements }, policy.unit, live, loose);
  const tags: TagVerdict[] = [];
  const untagged: { row: number; action: TagVerdict['action']; why: string }[] = [];
  for (const { unit, action, why } of evaluatePolicy(policy, units, inputs.now.getTime())) {
    if (unit.tags.length === 0) untagged.push({ row: unit.row, action, why });
    for (const tag of unit.tags) tags.push({ tag, row: unit.row, action, why });
  }
  const names = groupBy(
    tags,
    ({ row }) => row,
    ({ tag }) => tag,
  );
  return { verdicts: { tags, untagged, names }, units };
}

interface Found {
  readonly plan: ExpiringGraph;
  /** Of what it deletes. */
  readonly rows: readonly number[];
}

function collectGraphs(
  repository: CompactRepository,
  { expired }: Roots,
  graph: Graph,
  kept: Uint8Array,
  { names }: Verdicts,
): Found[] {
  const taken = new Uint8Array(repository.size);
  const found: Found[] = [];
  const collect = (
    root: number,
    { action, why }: { readonly action: ExpiringGraph['action']; readonly why: string },
  ) => {
    const rows = graph.descend(root).filter((node) => graph.isManifest(node) && !kept[node] && !taken[node]);
    const partTags: { tag: string; digest: Digest }[] = [];
    for (const [i, row] of rows.entries()) {
      taken[row] = 1;
      const own = i === 0 ? undefined : names.get(row);
      if (own) for (const tag of own) partTags.push({ tag, digest: repository.digestAt(row) });
    }
    const digest = repository.digestAt(root);
    const mediaType = repository.textOf(repository.mediaType[root]) ?? '';
    const tags = [...(names.get(root) ?? [])];
    const deletes = rows.map((row) => repository.digestAt(row));
    found.push({ plan: { root: digest, mediaType, tags, partTags, why, action, deletes }, rows });
  };
  // A tagged image that an expiring index lists goes with the index: registries refuse to delete it before.
  for (const [root, expiry] of expired)
    if (!graph.hasParent(root) && !kept[root] && !taken[root]) collect(root, expiry);
  for (const [root, expiry] of expired) if (graph.hasParent(root) && !kept[root] && !taken[root]) collect(root, expiry);
  return found;
}
