import type { Digest } from '../core/digest.ts';
import type { CatalogEntry } from '../inventory/index.ts';
import { subjectOfTag } from '../registry/index.ts';
import { describeContent } from '../selection/index.ts';
import type { ReplicationConfig, VerdictFilter } from './config.ts';
import type { RepositoryAddress } from './model.ts';
import { imageTargets } from './replication-targets.ts';

/** What is known of a source repository. */
export interface SourceView {
  readonly of: RepositoryAddress;
  readonly entries: ReadonlyMap<Digest, CatalogEntry>;
  /** Tags of this moment. */
  readonly tags: ReadonlyMap<string, Digest>;
  /** Since when each tag is on its digest, where that is known. ISO 8601. */
  readonly boundAt: ReadonlyMap<string, string>;
  readonly verdictOf: (digest: Digest) => VerdictFilter;
}

export interface ExpectedImage {
  /** The digest at the source; of a derived index, that which it is made of. */
  readonly root: Digest;
  /** The digest at the target: another one where only some platforms are copied. */
  readonly at: Digest;
  readonly mediaType: string;
  readonly tags: readonly string[];
  readonly rule: string;
  /** Since when it should be there. ISO 8601. */
  readonly since: string;
}

/** What one target should hold of one source repository. */
export interface ExpectedState {
  readonly target: RepositoryAddress;
  readonly rules: readonly string[];
  /** Tags, and the digest that each should be on. */
  readonly tags: ReadonlyMap<string, { readonly digest: Digest; readonly image: ExpectedImage }>;
  /** Every manifest of the closed graphs, with the image that brings it. */
  readonly manifests: ReadonlyMap<Digest, ExpectedImage>;
}

/** Of an index with only some of its platforms, what is at the target in its place. */
export type Derive = (
  root: Digest,
  platforms: readonly string[],
) => Promise<{ readonly digest: Digest; readonly children: readonly Digest[] } | undefined>;

/**
 * The desired state: what the rules say should be at each target, out of the catalogue. Of an image that is there, its
 * children and its referrers should be, too.
 */
export async function expectedStates(
  config: ReplicationConfig,
  view: SourceView,
  derive: Derive,
): Promise<readonly ExpectedState[]> {
  const states = new Map<string, MutableState>();
  const graph = graphOf(view.entries);
  for (const [root, tags] of rootsOf(view)) {
    const entry = view.entries.get(root);
    if (entry === undefined) continue;
    const content = describeContent(entry, (digest) => view.entries.get(digest), graph.referrersOf(root));
    const image = { tags, content, verdict: view.verdictOf(root) };
    for (const target of imageTargets(config, view.of, image)) {
      const { registry, repository, rule } = target;
      const key = `${registry}/${repository}`;
      const state = states.get(key) ?? {
        target: { registry, repository },
        rules: new Set(),
        tags: new Map(),
        manifests: new Map(),
      };
      states.set(key, state);
      state.rules.add(rule.name);
      const times = [entry.pushedAt, ...target.tags.flatMap((tag) => view.boundAt.get(tag) ?? [])].sort();
      const since = times.at(-1) ?? entry.pushedAt;
      const made = rule.platforms && (await derive(root, rule.platforms));
      const digest = made?.digest ?? root;
      const expected = { root, at: digest, mediaType: entry.mediaType, tags: target.tags, rule: rule.name, since };
      const heads = made ? [digest, ...made.children] : [root];
      for (const one of heads) addClosure(state.manifests, one, expected, graph, made !== undefined && one === digest);
      for (const tag of target.tags) state.tags.set(tag, { digest, image: expected });
    }
  }
  return [...states.values()].map(({ rules, ...state }) => ({ ...state, rules: [...rules] }));
}

interface MutableState {
  readonly target: RepositoryAddress;
  readonly rules: Set<string>;
  readonly tags: Map<string, { readonly digest: Digest; readonly image: ExpectedImage }>;
  readonly manifests: Map<Digest, ExpectedImage>;
}

/** Every digest that has a tag, with its tags; and images without one that nothing else holds. */
function rootsOf({ entries, tags }: SourceView): ReadonlyMap<Digest, readonly string[]> {
  const roots = new Map<Digest, string[]>();
  for (const [tag, digest] of tags) {
    // Tags that say what they belong to go where that goes.
    if (subjectOfTag(tag) !== undefined) continue;
    roots.set(digest, [...(roots.get(digest) ?? []), tag]);
  }
  const children = new Set([...entries.values()].flatMap((entry) => entry.children.map(({ digest }) => digest)));
  for (const { digest, artifactClass, referrerOf } of entries.values()) {
    const isLoose = !roots.has(digest) && !children.has(digest) && referrerOf === undefined;
    if (isLoose && (artifactClass === 'image' || artifactClass === 'index')) roots.set(digest, []);
  }
  // Copies of others are not copied on.
  for (const digest of roots.keys()) if (entries.get(digest)?.replicaOf !== undefined) roots.delete(digest);
  return roots;
}

interface Graph {
  childrenOf(digest: Digest): readonly Digest[];
  referrersOf(digest: Digest): readonly Digest[];
}

function graphOf(entries: ReadonlyMap<Digest, CatalogEntry>): Graph {
  const referrers = new Map<Digest, Digest[]>();
  for (const { digest, referrerOf } of entries.values()) {
    if (referrerOf !== undefined) referrers.set(referrerOf, [...(referrers.get(referrerOf) ?? []), digest]);
  }
  return {
    // What an index lists and the catalogue has not met may be a blob of BuildKit's cache.
    childrenOf: (digest) =>
      (entries.get(digest)?.children ?? []).map((one) => one.digest).filter((one) => entries.has(one)),
    referrersOf: (digest) => referrers.get(digest) ?? [],
  };
}

function addClosure(
  into: Map<Digest, ExpectedImage>,
  digest: Digest,
  image: ExpectedImage,
  graph: Graph,
  isMade: boolean,
): void {
  if (into.has(digest)) return;
  into.set(digest, image);
  if (isMade) return;
  for (const child of graph.childrenOf(digest)) addClosure(into, child, image, graph, false);
  for (const referrer of graph.referrersOf(digest)) addClosure(into, referrer, image, graph, false);
}
