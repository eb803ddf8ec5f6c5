import type { Digest } from '../core/digest.ts';
import { compileGlobs } from '../core/glob.ts';
import { groupBy } from '../core/group-by.ts';
import type { CatalogEntry, RepositoryName } from '../inventory/index.ts';
import type { Graph } from './closed-graphs.ts';
import type { RetentionConfig, RetentionPolicy } from './config.ts';
import type { Hold, Lease, RetentionPlan } from './model.ts';
import type { UnitVerdict } from './policy/evaluate-policy.ts';

type Action = UnitVerdict['action'];

export interface TagVerdict {
  readonly tag: string;
  readonly digest: Digest;
  readonly action: Action;
  readonly why: string;
}

/** What the rules say, before anything is held back. */
export interface Verdicts {
  readonly tags: ReadonlyMap<string, TagVerdict>;
  /** Of what has no tags and hangs on nothing else. */
  readonly untagged: ReadonlyMap<Digest, { readonly action: Action; readonly why: string }>;
}

export interface Expiry {
  readonly action: 'expire' | 'archive' | 'quarantine';
  readonly why: string;
}

export interface Roots {
  readonly kept: ReadonlySet<Digest>;
  /** Why a digest is kept against all rules. */
  readonly held: ReadonlyMap<Digest, string>;
  readonly expired: ReadonlyMap<Digest, Expiry>;
}

interface RootInputs {
  readonly of: RepositoryName;
  readonly entries: readonly CatalogEntry[];
  readonly leases: readonly Lease[];
  readonly holds: readonly Hold[];
  /** Which image of the registry is built on this one, if any is. */
  readonly dependentOf: (entry: CatalogEntry) => string | undefined;
  readonly config: RetentionConfig;
  readonly policy: RetentionPolicy;
  readonly now: Date;
}

const HOUR_MS = 3600 * 1000;

/** Where an image has several tags, the mildest fate that one of them has in store is that of the image. */
const MILDEST_FIRST = ['keep', 'untag', 'quarantine', 'archive', 'expire'] as const satisfies readonly Action[];

export function judgeRoots(inputs: RootInputs, verdicts: Verdicts, graph: Graph): Roots {
  const kept = new Set<Digest>();
  const expired = new Map<Digest, Expiry>();
  const decide = (digest: Digest, action: Action, why: string): void => {
    // An image that loses a tag stays, until a rule for what has no tags takes it.
    if (action === 'keep' || action === 'untag') return void kept.add(digest);
    const before = expired.get(digest)?.action;
    if (before === undefined || MILDEST_FIRST.indexOf(action) < MILDEST_FIRST.indexOf(before)) {
      expired.set(digest, { action, why });
    }
  };
  for (const { digest, action, why } of verdicts.tags.values()) decide(digest, action, why);
  for (const [digest, { action, why }] of verdicts.untagged) decide(digest, action, why);
  const held = whatIsHeld(inputs, verdicts, graph, expired);
  for (const digest of held.keys()) kept.add(digest);
  return { kept, held, expired };
}

function whatIsHeld(
  { of, entries, leases, holds, dependentOf, config, policy, now }: RootInputs,
  verdicts: Verdicts,
  graph: Graph,
  expired: ReadonlyMap<Digest, Expiry>,
): Map<Digest, string> {
  const held = new Map<Digest, string>();
  const hold = (digest: Digest, why: string): void => {
    if (held.has(digest)) return;
    held.set(digest, why);
    // What runs is often one platform of an index, and it is by the index that it is started again.
    for (const index of graph.ancestorsOf(digest)) if (!held.has(index)) held.set(index, `${digest} is ${why}`);
  };
  for (const { digest, kind, name, reason } of holds) hold(digest, `on hold (${kind}, ${name}): ${reason}`);
  const time = now.toISOString();
  for (const { digest, reason, until } of leases) if (until > time) hold(digest, `held until ${until}: ${reason}`);
  const immutable = config.immutableTags.filter(({ repositories }) => compileGlobs(repositories)(of.repository));
  if (immutable.length > 0) {
    const isImmutable = compileGlobs(immutable.flatMap(({ tags }) => tags));
    for (const { tag, digest } of verdicts.tags.values())
      if (isImmutable(tag)) hold(digest, `under the immutable tag ${tag}`);
  }
  const graceHours = policy.graceHours ?? config.graceHours;
  for (const entry of entries) {
    const age = now.getTime() - Math.max(Date.parse(entry.pushedAt), Date.parse(entry.firstSeenAt));
    if (age < graceHours * HOUR_MS && !held.has(entry.digest))
      held.set(entry.digest, `younger than ${graceHours} hours`);
  }
  if (!config.keepBases) return held;
  for (const root of expired.keys()) {
    for (const digest of [root, ...(graph.entries.get(root)?.children ?? []).map((child) => child.digest)]) {
      const entry = graph.entries.get(digest);
      const dependent = entry && dependentOf(entry);
      if (dependent !== undefined) hold(digest, `what ${dependent} is built on`);
    }
  }
  return held;
}

/** What the rules would take and something holds back, with the reason. */
export function tellSpared(roots: Roots, kept: ReadonlySet<Digest>, { tags }: Verdicts): RetentionPlan['spared'] {
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
