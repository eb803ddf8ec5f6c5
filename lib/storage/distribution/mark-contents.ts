import type { Digest } from '../../core/digest.ts';
import type { DistributionReader, Link, Upload } from './ports.ts';
import { type References, readReferences } from './read-references.ts';

export interface MarkOptions {
  /** Revisions that no tag leads to are not kept. */
  readonly deleteUntagged: boolean;
  /** ms since 1970: what was written since is kept, whoever needs it. */
  readonly writtenSince: number;
}

export interface MarkedRepository {
  readonly name: string;
  readonly tags: number;
  readonly revisions: ReadonlyMap<Digest, References>;
  /** Revisions that stay. */
  readonly kept: ReadonlySet<Digest>;
  /** Blobs that one of these needs. */
  readonly needs: ReadonlySet<Digest>;
  readonly links: readonly Link[];
  readonly uploads: readonly Upload[];
}

export interface Marks {
  readonly repositories: readonly MarkedRepository[];
  /** Contents that a manifest which stays needs. */
  readonly needed: ReadonlySet<Digest>;
  /** Contents that were linked since `writtenSince`. */
  readonly young: ReadonlySet<Digest>;
  /** Manifests that a revision names and whose content is not there. */
  readonly lost: readonly { readonly repository: string; readonly digest: Digest }[];
}

/** Which contents of the storage something needs. @throws LadingError `manifest-unreadable` */
export async function markContents(storage: DistributionReader, options: MarkOptions): Promise<Marks> {
  const repositories: MarkedRepository[] = [];
  const needed = new Set<Digest>();
  const young = new Set<Digest>();
  const lost: { repository: string; digest: Digest }[] = [];
  // One manifest is often in many repositories; it is read once.
  const known = new Map<Digest, References | undefined>();
  const referencesOf = async (digest: Digest): Promise<References | undefined> => {
    if (known.has(digest)) return known.get(digest);
    const bytes = await storage.manifest(digest);
    const references = bytes && readReferences(digest, bytes);
    known.set(digest, references);
    return references;
  };
  for await (const name of storage.repositories()) {
    const links = await Array.fromAsync(storage.links(name));
    const revisions = new Map<Digest, References>();
    for (const { kind, digest } of links) {
      if (kind !== 'revision') continue;
      const references = await referencesOf(digest);
      if (references === undefined) lost.push({ repository: name, digest });
      else revisions.set(digest, references);
    }
    const tags = await Array.fromAsync(storage.tags(name));
    const kept = options.deleteUntagged ? reachable(tags, revisions, links, options) : new Set(revisions.keys());
    const needs = new Set<Digest>();
    for (const digest of kept) {
      needed.add(digest);
      const { blobs = [], children = [] } = revisions.get(digest) ?? {};
      // An index may list blobs (old build caches), and children that the repository has no revision of.
      for (const one of [...blobs, ...children]) {
        needs.add(one);
        needed.add(one);
      }
    }
    for (const { digest, writtenAt } of links) if (writtenAt >= options.writtenSince) young.add(digest);
    const uploads = await Array.fromAsync(storage.uploads(name));
    repositories.push({ name, tags: tags.length, revisions, kept, needs, links, uploads });
  }
  return { repositories, needed, young, lost };
}

/** From tags down to children and referrers, over any number of steps; and what is young with all below it. */
function reachable(
  tags: readonly { readonly digest: Digest }[],
  revisions: ReadonlyMap<Digest, References>,
  links: readonly Link[],
  { writtenSince }: MarkOptions,
): ReadonlySet<Digest> {
  const referrers = new Map<Digest, Digest[]>();
  for (const [digest, { subject }] of revisions) {
    if (subject !== undefined) referrers.set(subject, [...(referrers.get(subject) ?? []), digest]);
  }
  const young = links.filter(({ kind, writtenAt }) => kind === 'revision' && writtenAt >= writtenSince);
  const kept = new Set<Digest>();
  const todo = [...tags, ...young].map(({ digest }) => digest);
  for (let digest = todo.pop(); digest !== undefined; digest = todo.pop()) {
    const references = revisions.get(digest);
    if (references === undefined || kept.has(digest)) continue;
    kept.add(digest);
    todo.push(...references.children, ...(referrers.get(digest) ?? []));
  }
  return kept;
}
