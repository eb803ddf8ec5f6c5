import { compileGlobs } from '../core/glob.ts';
import type { CompactRepository } from '../inventory/index.ts';
import type { Graph } from './closed-graphs.ts';
import type { RetentionConfig, RetentionPolicy } from './config.ts';
import type { Hold, Lease, RetentionPlan } from './model.ts';
import type { UnitVerdict } from './policy/evaluate-policy.ts';

type Action = UnitVerdict['action'];

export interface TagVerdict {
  readonly tag: string;
  readonly row: number;
  readonly action: Action;
  readonly why: string;
}

/** What the rules say, before anything is held back. */
export interface Verdicts {
  /** One a tag. */
  readonly tags: readonly TagVerdict[];
  /** Of rows that have no tags and hang on nothing else. */
  readonly untagged: readonly { readonly row: number; readonly action: Action; readonly why: string }[];
  /** By row. */
  readonly names: ReadonlyMap<number, readonly string[]>;
}

export interface Expiry {
  readonly action: 'expire' | 'archive' | 'ecr-archive' | 'quarantine';
  readonly why: string;
}

export interface Roots {
  readonly kept: ReadonlySet<number>;
  /** Why a node is kept against all rules. */
  readonly held: ReadonlyMap<number, string>;
  /** By row. */
  readonly expired: ReadonlyMap<number, Expiry>;
}

interface RootInputs {
  readonly repository: CompactRepository;
  readonly leases: readonly Lease[];
  readonly holds: readonly Hold[];
  /** Which image of the registry is built on that of a row, if any is. */
  readonly dependentOf: (row: number) => string | undefined;
  readonly config: RetentionConfig;
  readonly policy: RetentionPolicy;
  readonly now: Date;
}

const HOUR_MS = 3600 * 1000;

/** Where an image has several tags, the mildest fate that one of them has in store is that of the image. */
const MILDEST_FIRST = [
  'keep',
  'untag',
  'ecr-archive',
  'quarantine',
  'archive',
  'expire',
] as const satisfies readonly Action[];

export function judgeRoots(inputs: RootInputs, verdicts: Verdicts, graph: Graph): Roots {
  const kept = new Set<number>();
  const expired = new Map<number, Expiry>();
  const decide = (row: number, action: Action, why: string): void => {
    // An image that loses a tag stays, until a rule for what has no tags takes it.
    if (action === 'keep' || action === 'untag') return void kept.add(row);
    const before = expired.get(row)?.action;
    if (before === undefined || MILDEST_FIRST.indexOf(action) < MILDEST_FIRST.indexOf(before)) {
      expired.set(row, { action, why });
    }
  };
  for (const { row, action, why } of verdicts.tags) decide(row, action, why);
  for (const { row, action, why } of verdicts.untagged) decide(row, action, why);
  const held = whatIsHeld(inputs, verdicts, graph, expired);
  for (const node of held.keys()) kept.add(node);
  return { kept, held, expired };
}

function whatIsHeld(
  { repository, leases, holds, dependentOf, config, policy, now }: RootInputs,
  verdicts: Verdicts,
  graph: Graph,
  expired: ReadonlyMap<number, Expiry>,
): Map<number, string> {
  const held = new Map<number, string>();
  const hold = (node: number | undefined, digest: string, why: string): void => {
    if (node === undefined || held.has(node)) return;
    held.set(node, why);
    // What runs is often one platform of an index, and it is by the index that it is started again.
    for (const index of graph.ancestorsOf(node)) if (!held.has(index)) held.set(index, `${digest} is ${why}`);
  };
  for (const { digest, kind, name, reason } of holds) {
    hold(graph.nodeOf(digest), digest, `on hold (${kind}, ${name}): ${reason}`);
  }
  const time = now.toISOString();
  for (const { digest, reason, until } of leases) {
    if (until > time) hold(graph.nodeOf(digest), digest, `held until ${until}: ${reason}`);
  }
  const immutable = config.immutableTags.filter(({ repositories }) =>
    compileGlobs(repositories)(repository.of.repository),
  );
  if (immutable.length > 0) {
    const isImmutable = compileGlobs(immutable.flatMap(({ tags }) => tags));
    for (const { tag, row } of verdicts.tags)
      if (isImmutable(tag)) hold(row, repository.digestAt(row), `under the immutable tag ${tag}`);
  }
  const graceHours = policy.graceHours ?? config.graceHours;
  const young = now.getTime() - graceHours * HOUR_MS;
  for (let row = 0; row < repository.size; row++) {
    const since = Math.max(repository.pushedAt[row] as number, repository.firstSeenAt[row] as number);
    if (since > young && !held.has(row)) held.set(row, `younger than ${graceHours} hours`);
  }
  if (!config.keepBases) return held;
  for (const root of expired.keys()) {
    for (const node of [root, ...graph.childrenOf(root)]) {
      const dependent = graph.isManifest(node) ? dependentOf(node) : undefined;
      if (dependent !== undefined) hold(node, repository.digestAt(node), `what ${dependent} is built on`);
    }
  }
  return held;
}

/** What the rules would take and something holds back, with the reason. */
export function tellSpared(
  repository: CompactRepository,
  roots: Roots,
  kept: Uint8Array,
  { tags, names }: Verdicts,
): RetentionPlan['spared'] {
  const spared = [...roots.expired].filter(([row]) => kept[row]);
  if (spared.length === 0) return [];
  const keptBy = new Map<number, string>();
  for (const { row, tag, action } of tags) if (action === 'keep') keptBy.set(row, tag);
  return spared.map(([row, { why: rule }]) => {
    const tag = keptBy.get(row);
    const why =
      roots.held.get(row) ?? (tag === undefined ? 'something that is kept needs it' : `the tag ${tag} is kept`);
    return { digest: repository.digestAt(row), tags: [...(names.get(row) ?? [])], rule, why };
  });
}
