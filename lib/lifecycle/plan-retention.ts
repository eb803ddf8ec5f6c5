import type { Digest } from '../core/digest.ts';
import { groupBy } from '../core/group-by.ts';
import type { CatalogEntry, RepositoryName, TagBinding } from '../inventory/index.ts';
import { subjectOfTag } from '../registry/index.ts';
import type { RetentionConfig } from './config.ts';
import type { ExpiringGraph, Lease, Pulls, RetentionPlan } from './model.ts';
import { evaluatePolicy, type UnitVerdict } from './policy/evaluate-policy.ts';
import { policyFor } from './policy/policy-for.ts';
import { toUnits } from './policy/to-units.ts';

export interface RetentionInputs {
  readonly of: RepositoryName;
  readonly entries: readonly CatalogEntry[];
  readonly tags: readonly TagBinding[];
  readonly leases: readonly Lease[];
  /** Absent where the registry tells nothing of pulls. */
  readonly pulls?: Pulls | undefined;
  /** How many manifests of the other repositories of the registry hold a blob, since storage is shared. */
  readonly heldElsewhere: (blob: Digest) => boolean;
  readonly config: RetentionConfig;
  readonly now: Date;
}

type Live = TagBinding & { readonly digest: Digest };

const HOUR_MS = 3600 * 1000;

/**
 * Plans a repository: pure, so that the same inputs always give the same plan and can be replayed.
 *
 * What is kept is marked first (tags that a rule keeps or no rule matches, leases, what is young, and everything that
 * hangs on these); only what is left over and hangs on an expired root is deleted. So nothing that a kept manifest
 * needs can be in a plan, however the graph looks.
 */
export function planRetention(inputs: RetentionInputs): RetentionPlan {
  const { of, config, now } = inputs;
  const graph = indexGraph(inputs);
  const verdicts = judge(inputs, graph);
  const roots = judgeRoots(inputs, verdicts);
  const kept = graph.closure([...roots.kept]);
  const expire = collectGraphs(roots.expired, graph, kept, verdicts.tags);
  const deleted = new Set(expire.flatMap((one) => one.deletes));
  const share = inputs.entries.length === 0 ? 0 : deleted.size / inputs.entries.length;
  const refused =
    deleted.size > config.maxDeleted
      ? `the plan would delete ${deleted.size} manifests, over the budget of ${config.maxDeleted}`
      : share > config.maxDeletedShare
        ? `the plan would delete ${Math.round(share * 100)} % of the repository, over the budget of ${Math.round(config.maxDeletedShare * 100)} %`
        : undefined;
  return {
    registry: of.registry,
    repository: of.repository,
    plannedAt: now.toISOString(),
    dryRun: config.dryRun,
    ...(refused === undefined ? {} : { refused }),
    keep: [...verdicts.tags.values()]
      .filter(({ action }) => action === 'keep')
      .map(({ tag, digest, why }) => ({ tag, digest, why })),
    expire,
    spared: spared(roots, kept, verdicts),
    freedBytes: freedBytes(inputs, deleted),
  };
}

type Action = UnitVerdict['action'];

interface TagVerdict {
  readonly tag: string;
  readonly digest: Digest;
  readonly action: Action;
  readonly why: string;
}

interface Verdicts {
  readonly tags: ReadonlyMap<string, TagVerdict>;
  /** Of what has no tags and hangs on nothing else. */
  readonly untagged: ReadonlyMap<Digest, { readonly action: Action; readonly why: string }>;
}

function judge(inputs: RetentionInputs, graph: Graph): Verdicts {
  const { of, config, now } = inputs;
  const live = inputs.tags.filter((t): t is Live => t.digest !== undefined && subjectOfTag(t.tag) === undefined);
  const policy = policyFor(config, of.repository);
  const tagged = new Set(live.map(({ digest }) => digest));
  const loose = inputs.entries.filter((entry) => !tagged.has(entry.digest) && graph.isRoot(entry.digest));
  const units = toUnits({ unit: policy.unit, tags: live, loose, entries: graph.entries, graph, pulls: inputs.pulls });
  const tags = new Map<string, TagVerdict>();
  const untagged = new Map<Digest, { action: Action; why: string }>();
  for (const { unit, action, why } of evaluatePolicy(policy, units, now.getTime())) {
    if (unit.tags.length === 0) untagged.set(unit.digest, { action, why });
    for (const tag of unit.tags) tags.set(tag, { tag, digest: unit.digest, action, why });
  }
  return { tags, untagged };
}

interface Graph {
  readonly entries: ReadonlyMap<Digest, CatalogEntry>;
  readonly hasParent: (digest: Digest) => boolean;
  /** Neither listed by an index nor about a subject that is there. */
  readonly isRoot: (digest: Digest) => boolean;
  readonly referrersOf: (digest: Digest) => readonly Digest[];
  /** The digests with their children, referrers and subjects, and theirs; each once, root first, referrers last. */
  closure(from: readonly Digest[]): Set<Digest>;
  /** Downwards only: children, then referrers of all of these. */
  descend(root: Digest): Digest[];
}

function indexGraph({ entries, tags }: RetentionInputs): Graph {
  const byDigest = new Map(entries.map((entry) => [entry.digest, entry] as const));
  const subjects = new Map<Digest, Digest>();
  const parents = new Set(entries.flatMap((entry) => entry.children.map((child) => child.digest)));
  for (const entry of entries) if (entry.referrerOf) subjects.set(entry.digest, entry.referrerOf);
  for (const { tag, digest } of tags) {
    // A signature or referrers index under a tag that names its subject (`sha256-<hex>`, `.sig`) lives and dies with it.
    const subject = subjectOfTag(tag)?.digest;
    if (digest && subject) subjects.set(digest, subject);
  }
  const referrers = groupBy(
    subjects,
    ([, subject]) => subject,
    ([referrer]) => referrer,
  );
  const childrenOf = (digest: Digest): readonly Digest[] => {
    const children = byDigest.get(digest)?.children;
    return children === undefined || children.length === 0 ? noDigests : children.map((child) => child.digest);
  };
  const noDigests: readonly Digest[] = [];
  const referrersOf = (digest: Digest): readonly Digest[] => referrers.get(digest) ?? noDigests;
  const walk = (from: Iterable<Digest>, ...ways: readonly ((digest: Digest) => readonly Digest[])[]): Set<Digest> => {
    const seen = new Set(from);
    // A set is walked in the order of insertion, what is added on the way included.
    for (const digest of seen) for (const way of ways) for (const other of way(digest)) seen.add(other);
    return seen;
  };
  return {
    entries: byDigest,
    hasParent: (digest) => parents.has(digest),
    isRoot: (digest) => {
      const subject = subjects.get(digest);
      return !parents.has(digest) && (subject === undefined || !byDigest.has(subject));
    },
    referrersOf,
    closure: (from) => {
      const subjectsOf = (digest: Digest): readonly Digest[] => {
        const subject = subjects.get(digest);
        return subject === undefined ? noDigests : [subject];
      };
      return walk(from, childrenOf, referrersOf, subjectsOf);
    },
    // Children before referrers: first all that is below the root, then what refers to any of it.
    descend: (root) => [...walk(walk([root], childrenOf), referrersOf, childrenOf)],
  };
}

interface Roots {
  readonly kept: ReadonlySet<Digest>;
  /** Why a digest is kept against all rules. */
  readonly held: ReadonlyMap<Digest, string>;
  readonly expired: ReadonlyMap<Digest, Expiry>;
}

interface Expiry {
  readonly action: 'expire' | 'archive';
  readonly why: string;
}

function judgeRoots(inputs: RetentionInputs, verdicts: Verdicts): Roots {
  const { config, now } = inputs;
  const held = new Map<Digest, string>();
  for (const { digest, reason, until } of inputs.leases) {
    if (until > now.toISOString()) held.set(digest, `held until ${until}: ${reason}`);
  }
  const kept = new Set<Digest>();
  const expired = new Map<Digest, Expiry>();
  const decide = (digest: Digest, action: Action, why: string): void => {
    if (action === 'keep') kept.add(digest);
    // Where one tag of an image is to be archived and another to expire, the image can still be brought back.
    else if (expired.get(digest)?.action !== 'archive') expired.set(digest, { action, why });
  };
  for (const { digest, action, why } of verdicts.tags.values()) decide(digest, action, why);
  for (const [digest, { action, why }] of verdicts.untagged) decide(digest, action, why);
  for (const entry of inputs.entries) {
    const age = now.getTime() - Math.max(Date.parse(entry.pushedAt), Date.parse(entry.firstSeenAt));
    if (age < config.graceHours * HOUR_MS && !held.has(entry.digest)) {
      held.set(entry.digest, `younger than ${config.graceHours} hours`);
    }
  }
  for (const digest of held.keys()) kept.add(digest);
  return { kept, held, expired };
}

function spared(roots: Roots, kept: ReadonlySet<Digest>, { tags }: Verdicts): RetentionPlan['spared'] {
  const names = groupBy(
    tags.values(),
    ({ digest }) => digest,
    ({ tag }) => tag,
  );
  const keptBy = new Map(
    [...tags.values()].filter(({ action }) => action === 'keep').map(({ digest, tag }) => [digest, tag]),
  );
  return [...roots.expired]
    .filter(([digest]) => kept.has(digest))
    .map(([digest, { why: rule }]) => {
      const tag = keptBy.get(digest);
      const why =
        roots.held.get(digest) ?? (tag === undefined ? 'something that is kept needs it' : `the tag ${tag} is kept`);
      return { digest, tags: names.get(digest) ?? [], rule, why };
    });
}

function collectGraphs(
  expired: ReadonlyMap<Digest, Expiry>,
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

/** What is stored under a digest: its layers, its config and the manifest itself; a layer listed twice comes once. */
export function blobsOfEntry(entry: CatalogEntry): readonly (readonly [Digest, number])[] {
  const blobs: [Digest, number][] = [];
  let content = 0;
  for (const { digest, size } of entry.config ? [...entry.layers, entry.config] : entry.layers) {
    if (blobs.some(([known]) => known === digest)) continue;
    blobs.push([digest, size]);
    content += size;
  }
  blobs.push([entry.digest, Math.max(0, entry.sizeBytes - content)]);
  return blobs;
}

function freedBytes(inputs: RetentionInputs, deleted: ReadonlySet<Digest>): number {
  if (deleted.size === 0) return 0;
  const seen = new Set<Digest>();
  for (const entry of inputs.entries) {
    if (deleted.has(entry.digest)) continue;
    seen.add(entry.digest);
    if (entry.config) seen.add(entry.config.digest);
    for (const { digest } of entry.layers) seen.add(digest);
  }
  let bytes = 0;
  // A blob counts once, and not at all where something that stays holds it.
  const count = (blob: Digest, size: number): void => {
    if (seen.has(blob)) return;
    seen.add(blob);
    if (!inputs.heldElsewhere(blob)) bytes += size;
  };
  for (const entry of inputs.entries) {
    if (!deleted.has(entry.digest)) continue;
    for (const [blob, size] of blobsOfEntry(entry)) count(blob, size);
  }
  return bytes;
}
