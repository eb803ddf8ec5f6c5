import type { Digest } from '../core/digest.ts';
import { groupBy } from '../core/group-by.ts';
import type { CatalogEntry, RepositoryName, TagBinding } from '../inventory/index.ts';
import { subjectOfTag } from '../registry/index.ts';
import { whyNot } from './budgets.ts';
import { type Graph, indexGraph } from './closed-graphs.ts';
import type { RetentionConfig, RetentionPolicy } from './config.ts';
import { freedBytes } from './freed-bytes.ts';
import { judgeRoots, type Roots, type TagVerdict, tellSpared, type Verdicts } from './judge-roots.ts';
import type { ExpiringGraph, Hold, Judgement, Lease, Pulls, Quarantine, RestoredTag, RetentionPlan } from './model.ts';
import { evaluatePolicy } from './policy/evaluate-policy.ts';
import { policyFor } from './policy/policy-for.ts';
import { toUnits } from './policy/to-units.ts';
import { isQuarantineTag } from './quarantine-tag.ts';

export interface RetentionInputs {
  readonly of: RepositoryName;
  readonly entries: readonly CatalogEntry[];
  readonly tags: readonly TagBinding[];
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
  /** How many manifests of the other repositories of the registry hold a blob, since storage is shared. */
  readonly heldElsewhere: (blob: Digest) => boolean;
  /** Which image of the registry is built on this one, if any is. */
  readonly dependentOf?: (entry: CatalogEntry) => string | undefined;
  /** Why nothing may be done, whatever the plan says: something that it rests on is missing. */
  readonly withheld?: string | undefined;
  readonly config: RetentionConfig;
  readonly now: Date;
}

type Live = TagBinding & { readonly digest: Digest };

/**
 * Plans a repository: pure, so that the same inputs always give the same plan and can be replayed.
 *
 * What is kept is marked first (tags that a rule keeps or no rule matches, leases, what is young, and everything that
 * hangs on these); only what is left over and hangs on an expired root is deleted. So nothing that a kept manifest
 * needs can be in a plan, however the graph looks.
 */
export function planRetention(inputs: RetentionInputs): RetentionPlan {
  const { of, config, now, holds = [], quarantined = [], dependentOf = () => undefined } = inputs;
  const graph = indexGraph(inputs);
  const policy = policyFor(config, of.repository);
  const verdicts = judge(inputs, policy, graph);
  const roots = judgeRoots({ ...inputs, holds, dependentOf, policy }, verdicts, graph);
  const kept = graph.closure([...roots.kept]);
  const graphs = collectGraphs(roots, graph, kept, verdicts.tags);
  const setAside = new Map(quarantined.map((one) => [one.root, one] as const));
  const expire = graphs.filter(({ root }) => !setAside.has(root));
  const due = graphs.filter(({ root }) => isDue(setAside.get(root), now));
  const deletes = (of: readonly ExpiringGraph[]): Set<Digest> => new Set(of.flatMap((one) => one.deletes));
  // No digest is in two graphs.
  const count = [...expire, ...due].reduce((sum, one) => sum + one.deletes.length, 0);
  const refused = inputs.withheld ?? whyNot({ policy, config, now, entries: inputs.entries.length, deletes: count });
  const spared = tellSpared(roots, kept, verdicts);
  return {
    registry: of.registry,
    repository: of.repository,
    plannedAt: now.toISOString(),
    dryRun: config.dryRun,
    ...(policy.rules.length === 0 ? {} : { policy: policy.name }),
    ...(refused === undefined ? {} : { refused }),
    quarantineDays: policy.quarantineDays ?? config.quarantineDays,
    keep: tagsWith(verdicts, 'keep').filter(({ digest }) => !setAside.has(digest)),
    expire,
    due,
    waiting: quarantined.flatMap(({ root, tags, until = 'somebody decides' }) =>
      graphs.some((one) => one.root === root) && !due.some((one) => one.root === root)
        ? [{ root, tags: tags.map(({ tag }) => tag), until }]
        : [],
    ),
    release: quarantined.flatMap(({ root }) => {
      const why = whyRelease(root, graph, kept, spared);
      return why === undefined ? [] : [{ root, why }];
    }),
    untag: tagsWith(verdicts, 'untag').filter(({ digest }) => !roots.held.has(digest)),
    spared,
    freedBytes: freedBytes(inputs, deletes(expire)),
    dueBytes: freedBytes(inputs, deletes(due)),
  };
}

const tagsWith = ({ tags }: Verdicts, wanted: TagVerdict['action']) =>
  [...tags.values()].flatMap(({ tag, digest, why, action }) => (action === wanted ? [{ tag, digest, why }] : []));

const isDue = (quarantine: Quarantine | undefined, now: Date): boolean =>
  quarantine?.until !== undefined && quarantine.until <= now.toISOString();

/** Undefined where it stays aside: it still goes by the rules, for itself or with what lists it. */
function whyRelease(
  root: Digest,
  graph: Graph,
  kept: ReadonlySet<Digest>,
  spared: RetentionPlan['spared'],
): string | undefined {
  if (!graph.entries.has(root)) return 'it is gone';
  if (!kept.has(root)) return undefined;
  return spared.find(({ digest }) => digest === root)?.why ?? 'the rules keep it now';
}

function judge(inputs: RetentionInputs, policy: RetentionPolicy, graph: Graph): Verdicts {
  const live = liveTags(inputs);
  const tagged = new Set(live.map(({ digest }) => digest));
  const loose = inputs.entries.filter((entry) => !tagged.has(entry.digest) && graph.isRoot(entry.digest));
  const { pulls, uses, judgements } = inputs;
  const units = toUnits({
    unit: policy.unit,
    tags: live,
    loose,
    entries: graph.entries,
    graph,
    pulls,
    uses,
    judgements,
  });
  const tags = new Map<string, TagVerdict>();
  const untagged = new Map<Digest, { action: TagVerdict['action']; why: string }>();
  for (const { unit, action, why } of evaluatePolicy(policy, units, inputs.now.getTime())) {
    if (unit.tags.length === 0) untagged.set(unit.digest, { action, why });
    for (const tag of unit.tags) tags.set(tag, { tag, digest: unit.digest, action, why });
  }
  return { tags, untagged };
}

/** The tags of images: without those that name their subject, and with those that a quarantine took away. */
function liveTags({ of, tags, quarantined = [], restored = [] }: RetentionInputs): readonly Live[] {
  const before = new Map(restored.map((one) => [one.tag, one] as const));
  const live: Live[] = [];
  const named = new Set<string>();
  for (const binding of tags) {
    const { tag, digest, boundAt } = binding;
    if (digest === undefined || subjectOfTag(tag) !== undefined || isQuarantineTag(tag, digest)) continue;
    named.add(tag);
    const known = before.get(tag);
    const isOurs = known?.digest === digest && boundAt <= known.until;
    live.push({ ...binding, digest, boundAt: isOurs ? known.boundAt : boundAt });
  }
  for (const { tags: taken } of quarantined) {
    for (const one of taken) {
      // What has come to stand under the tag since is another image.
      if (!named.has(one.tag)) live.push({ ...of, ...one });
      named.add(one.tag);
    }
  }
  return live;
}

function collectGraphs(
  { expired }: Roots,
  graph: Graph,
  kept: ReadonlySet<Digest>,
  verdicts: ReadonlyMap<string, TagVerdict>,
): ExpiringGraph[] {
  const tagsOf = groupBy(
    verdicts.values(),
    (verdict) => verdict.digest,
    (verdict) => verdict.tag,
  );
  const taken = new Set<Digest>();
  const found: ExpiringGraph[] = [];
  // A tagged image that an expiring index lists goes with the index: registries refuse to delete it before.
  const inOrder = [...expired].sort(([a], [b]) => Number(graph.hasParent(a)) - Number(graph.hasParent(b)));
  for (const [root, { action, why }] of inOrder) {
    const entry = graph.entries.get(root);
    if (!entry || kept.has(root) || taken.has(root)) continue;
    const deletes = graph
      .descend(root)
      .filter((digest) => graph.entries.has(digest) && !kept.has(digest) && !taken.has(digest));
    for (const digest of deletes) taken.add(digest);
    const partTags = deletes.slice(1).flatMap((digest) => (tagsOf.get(digest) ?? []).map((tag) => ({ tag, digest })));
    found.push({ root, mediaType: entry.mediaType, tags: tagsOf.get(root) ?? [], partTags, why, action, deletes });
  }
  return found;
}
