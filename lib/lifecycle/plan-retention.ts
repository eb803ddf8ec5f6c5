import type { Digest } from '../core/digest.ts';
import { compileGlobs, matchesAnyGlob } from '../core/glob.ts';
import { groupBy } from '../core/group-by.ts';
import type { CatalogEntry, RepositoryName, TagBinding } from '../inventory/index.ts';
import { subjectOfTag } from '../registry/index.ts';
import type { RetentionConfig, RetentionRule } from './config.ts';
import type { ExpiringGraph, Lease, RetentionPlan } from './model.ts';

export interface RetentionInputs {
  readonly of: RepositoryName;
  readonly entries: readonly CatalogEntry[];
  readonly tags: readonly TagBinding[];
  readonly leases: readonly Lease[];
  /** How many manifests of the other repositories of the registry hold a blob, since storage is shared. */
  readonly heldElsewhere: (blob: Digest) => boolean;
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
  const { of, config, now } = inputs;
  const graph = indexGraph(inputs);
  const verdicts = judgeTags(inputs);
  const roots = judgeRoots(inputs, graph, verdicts);
  const kept = graph.closure([...roots.kept]);
  const expire = collectGraphs(roots.expired, graph, kept, verdicts);
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
    keep: [...verdicts.values()].filter((v) => v.keep).map(({ tag, digest, why }) => ({ tag, digest, why })),
    expire,
    freedBytes: freedBytes(inputs, deleted),
  };
}

interface TagVerdict {
  readonly tag: string;
  readonly digest: Digest;
  readonly keep: boolean;
  readonly why: string;
}

const DAY_MS = 24 * 3600 * 1000;

function judgeTags({ of, tags, config, now }: RetentionInputs): Map<string, TagVerdict> {
  const live = tags.filter((t): t is Live => t.digest !== undefined && subjectOfTag(t.tag) === undefined);
  const rules = config.rules
    .filter((rule) => matchesAnyGlob(rule.repositories, of.repository))
    .map((rule) => ({ rule, isOf: compileGlobs(rule.tags) }));
  const verdicts = new Map<string, TagVerdict>();
  const ruleOf = ({ tag }: Live): RetentionRule | undefined => rules.find(({ isOf }) => isOf(tag))?.rule;
  const groups = groupBy(live, ruleOf, (binding) => binding);
  for (const { tag, digest } of live) verdicts.set(tag, { tag, digest, keep: true, why: 'no rule matches the tag' });
  for (const [rule, members] of groups) {
    members.sort((a, b) => (a.boundAt < b.boundAt ? 1 : a.boundAt > b.boundAt ? -1 : a.tag < b.tag ? -1 : 1));
    members.forEach((binding, position) => {
      const age = (now.getTime() - new Date(binding.boundAt).getTime()) / DAY_MS;
      verdicts.set(binding.tag, { tag: binding.tag, digest: binding.digest, ...judge(rule, position, age) });
    });
  }
  return verdicts;
}

function judge(
  rule: RetentionRule,
  position: number,
  ageDays: number,
): { readonly keep: boolean; readonly why: string } {
  if (rule.keepLast !== undefined && position < rule.keepLast) {
    return { keep: true, why: `rule "${rule.name}": number ${position + 1} of the newest ${rule.keepLast}` };
  }
  if (rule.keepDays !== undefined && ageDays <= rule.keepDays) {
    return { keep: true, why: `rule "${rule.name}": ${ageDays.toFixed(1)} days old, kept for ${rule.keepDays}` };
  }
  return { keep: false, why: `rule "${rule.name}": number ${position + 1}, ${ageDays.toFixed(1)} days old` };
}

interface Graph {
  readonly entries: ReadonlyMap<Digest, CatalogEntry>;
  readonly hasParent: (digest: Digest) => boolean;
  /** The digests with their children, referrers and subjects, and theirs; each once, root first, referrers last. */
  closure(from: readonly Digest[]): Set<Digest>;
  /** Downwards only: children, then referrers of all of these. */
  descend(root: Digest): Digest[];
  readonly subjectOf: (digest: Digest) => Digest | undefined;
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
  const subjectOf = (digest: Digest): Digest | undefined => subjects.get(digest);
  return {
    entries: byDigest,
    hasParent: (digest) => parents.has(digest),
    subjectOf,
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
  readonly expired: ReadonlyMap<Digest, string>;
}

function judgeRoots(inputs: RetentionInputs, graph: Graph, verdicts: ReadonlyMap<string, TagVerdict>): Roots {
  const { config, now } = inputs;
  const kept = new Set<Digest>(inputs.leases.filter((l) => l.until > now.toISOString()).map((l) => l.digest));
  const expired = new Map<Digest, string>();
  for (const { keep, digest, why } of verdicts.values()) {
    if (keep) kept.add(digest);
    else expired.set(digest, why);
  }
  const youngerThan = (entry: CatalogEntry, ms: number): boolean =>
    now.getTime() - Math.max(Date.parse(entry.pushedAt), Date.parse(entry.firstSeenAt)) < ms;
  const tagged = new Set([...verdicts.values()].map((verdict) => verdict.digest));
  for (const entry of inputs.entries) {
    const subject = graph.subjectOf(entry.digest);
    const isRoot = !graph.hasParent(entry.digest) && (subject === undefined || !graph.entries.has(subject));
    if (youngerThan(entry, config.graceHours * 3600 * 1000)) kept.add(entry.digest);
    else if (isRoot && !tagged.has(entry.digest)) {
      const days = config.untaggedDays;
      if (days === undefined || youngerThan(entry, days * DAY_MS)) kept.add(entry.digest);
      else expired.set(entry.digest, `untagged for over ${days} days`);
    }
  }
  return { kept, expired };
}

function collectGraphs(
  expired: ReadonlyMap<Digest, string>,
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
  for (const [root, why] of inOrder) {
    const entry = graph.entries.get(root);
    if (!entry || kept.has(root) || taken.has(root)) continue;
    const deletes = graph
      .descend(root)
      .filter((digest) => graph.entries.has(digest) && !kept.has(digest) && !taken.has(digest));
    for (const digest of deletes) taken.add(digest);
    const partTags = deletes.slice(1).flatMap((digest) => (tagsOf.get(digest) ?? []).map((tag) => ({ tag, digest })));
    found.push({ root, mediaType: entry.mediaType, tags: tagsOf.get(root) ?? [], partTags, why, deletes });
  }
  return found;
}

/** What is stored under a digest: the manifest itself, its config and its layers. */
export function blobsOfEntry(entry: CatalogEntry): ReadonlyMap<Digest, number> {
  const blobs = new Map<Digest, number>(entry.layers.map((layer) => [layer.digest, layer.size]));
  if (entry.config) blobs.set(entry.config.digest, entry.config.size);
  const content = [...blobs.values()].reduce((sum, size) => sum + size, 0);
  blobs.set(entry.digest, Math.max(0, entry.sizeBytes - content));
  return blobs;
}

function freedBytes(inputs: RetentionInputs, deleted: ReadonlySet<Digest>): number {
  const freed = new Map<Digest, number>();
  for (const entry of inputs.entries) {
    if (deleted.has(entry.digest)) for (const [blob, size] of blobsOfEntry(entry)) freed.set(blob, size);
  }
  if (freed.size === 0) return 0;
  for (const entry of inputs.entries) {
    if (deleted.has(entry.digest)) continue;
    freed.delete(entry.digest);
    if (entry.config) freed.delete(entry.config.digest);
    for (const { digest } of entry.layers) freed.delete(digest);
  }
  let bytes = 0;
  for (const [blob, size] of freed) if (!inputs.heldElsewhere(blob)) bytes += size;
  return bytes;
}
