import type { Digest } from '../core/digest.ts';
import { groupBy } from '../core/group-by.ts';
import type { CatalogEntry, TagBinding } from '../inventory/index.ts';
import { subjectOfTag } from '../registry/index.ts';

/** What hangs on what in one repository. */
export interface Graph {
  readonly entries: ReadonlyMap<Digest, CatalogEntry>;
  readonly hasParent: (digest: Digest) => boolean;
  /** Neither listed by an index nor about a subject that is there. */
  readonly isRoot: (digest: Digest) => boolean;
  readonly referrersOf: (digest: Digest) => readonly Digest[];
  /** The indexes that list it, and those that list these. */
  ancestorsOf(digest: Digest): readonly Digest[];
  /** The digests with their children, referrers and subjects, and theirs; each once, root first, referrers last. */
  closure(from: readonly Digest[]): Set<Digest>;
  /** Downwards only: children, then referrers of all of these. */
  descend(root: Digest): Digest[];
}

export function indexGraph({
  entries,
  tags,
}: {
  readonly entries: readonly CatalogEntry[];
  readonly tags: readonly Pick<TagBinding, 'tag' | 'digest'>[];
}): Graph {
  const byDigest = new Map(entries.map((entry) => [entry.digest, entry] as const));
  const subjects = new Map<Digest, Digest>();
  const parents = new Map<Digest, Digest[]>();
  for (const { digest, children } of entries) {
    for (const child of children) {
      const known = parents.get(child.digest);
      if (known) known.push(digest);
      else parents.set(child.digest, [digest]);
    }
  }
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
    ancestorsOf: (digest) => [...walk([digest], (one) => parents.get(one) ?? noDigests)].slice(1),
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
