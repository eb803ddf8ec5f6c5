import type { Digest } from '../core/digest.ts';
import { merkleTree } from '../replication/index.ts';

/** What counts as held: images that are whole, with the tags that name them. */
export interface HeldImage {
  readonly repository: string;
  readonly digest: Digest;
  readonly tags: readonly string[];
}

/**
 * One hash for what a site holds: over each tag with its digest, and each image's root. The hub computes it from the
 * desired state, the site from its own folder; they are equal where the site has every image whole under the right tags
 * and nothing of the desired state's repositories besides.
 */
export function heldRoot(images: readonly HeldImage[]): Digest {
  const leaves = new Map<string, string>();
  for (const { repository, digest, tags } of images) {
    leaves.set(`${repository}@${digest}`, digest);
    for (const tag of tags) leaves.set(`${repository}:${tag}`, digest);
  }
  return merkleTree(leaves).root;
}
