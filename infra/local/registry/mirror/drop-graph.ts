import type { Digest } from '../../../../lib/core/digest.ts';
import type { StoreParts } from '../store-parts.ts';
import { manifestsOf, rootsOf } from './image-graphs.ts';

/**
 * Removes an image: from the top down, so that a crash in between leaves smaller images and never an index with a hole,
 * then the files. What other images of the repository have, too, keeps its link.
 */
export async function dropGraph(parts: StoreParts, key: string, contents: readonly Digest[]): Promise<void> {
  const at = key.lastIndexOf('@');
  const [name, root] = [key.slice(0, at), key.slice(at + 1) as Digest];
  await parts.locks.repository.run(name, async () => {
    const repository = parts.state.repositories.get(name);
    if (repository === undefined) return;
    const going = [...manifestsOf(repository, root)].filter((digest) => {
      const roots = rootsOf(repository, digest);
      return roots.length === 1 && roots[0] === root;
    });
    const blobs = new Set(
      going.flatMap((digest) => repository.manifests.get(digest)?.summary.blobs ?? []).map((blob) => blob.digest),
    );
    for (const digest of going) await parts.journal.append({ type: 'manifest-deleted', repository: name, digest });
    const digests = [...blobs].filter((digest) => repository.blobs.has(digest) && !repository.namedBy.has(digest));
    if (digests.length > 0) await parts.journal.append({ type: 'blobs-deleted', repository: name, digests });
  });
  for (const digest of contents) {
    await parts.locks.digest.run(digest, async () => {
      if (!parts.state.contents.has(digest)) await parts.files.remove(digest);
    });
  }
  await parts.journal.compact();
}
