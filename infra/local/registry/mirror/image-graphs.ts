import type { Digest } from '../../../../lib/core/digest.ts';
import { graphKey } from '../../../../lib/mirror/index.ts';
import { onDisk } from '../space.ts';
import type { RegistryState, Repository } from '../state.ts';

/** Indexes of indexes of indexes: more than image-spec's readers follow, and an end to a circle of subjects. */
const MAX_DEPTH = 8;

/** What names the content, or is what it is about: the manifests of the repository that nothing else of it names. */
export function rootsOf(repository: Repository, digest: Digest, seen = new Set<Digest>()): readonly Digest[] {
  if (seen.has(digest) || seen.size > 1000) return [];
  seen.add(digest);
  const subject = repository.manifests.get(digest)?.summary.subject;
  const above = [...(repository.namedBy.get(digest) ?? [])];
  if (subject !== undefined && repository.manifests.has(subject)) above.push(subject);
  if (above.length === 0) return repository.manifests.has(digest) ? [digest] : [];
  const roots = [...new Set(above.flatMap((each) => rootsOf(repository, each, seen)))];
  // Manifests that are about each other have no top: each is its own.
  return roots.length === 0 && seen.size === 1 ? [digest] : roots;
}

/** The manifests below and about a manifest, itself among them. */
export function manifestsOf(repository: Repository, root: Digest): ReadonlySet<Digest> {
  const found = new Set<Digest>();
  let level: Digest[] = [root];
  for (let depth = 0; level.length > 0 && depth < MAX_DEPTH; depth++) {
    const next: Digest[] = [];
    for (const digest of level) {
      const entry = repository.manifests.get(digest);
      if (entry === undefined || found.has(digest)) continue;
      found.add(digest);
      next.push(...entry.summary.children.map((child) => child.digest));
      // An index may name content of any type, that which is stored as a manifest among it.
      next.push(...entry.summary.blobs.map((blob) => blob.digest).filter((each) => repository.manifests.has(each)));
      next.push(...(repository.referrers.get(digest) ?? []));
    }
    level = next;
  }
  return found;
}

/** What of the image is on the disk, with the bytes it takes there. */
export function contentsOf(repository: Repository, root: Digest): ReadonlyMap<Digest, number> {
  const contents = new Map<Digest, number>();
  for (const digest of manifestsOf(repository, root)) {
    const summary = repository.manifests.get(digest)?.summary;
    if (summary === undefined) continue;
    contents.set(digest, onDisk(summary.size));
    for (const blob of summary.blobs) {
      const held = repository.blobs.get(blob.digest);
      if (held !== undefined) contents.set(blob.digest, onDisk(held.size));
    }
  }
  return contents;
}

/** The images of a repository that a content belongs to. */
export const keysOf = (state: RegistryState, name: string, digest: Digest): readonly string[] => {
  const repository = state.repositories.get(name);
  return repository === undefined ? [] : rootsOf(repository, digest).map((root) => graphKey(name, root));
};
