import type { CompactRepository } from '../inventory/index.ts';
import type { Graph } from './closed-graphs.ts';
import type { Quarantine, RestoredTag } from './model.ts';
import type { LiveTag } from './policy/to-units.ts';
import { isQuarantineTag } from './quarantine-tag.ts';

/** The tags of images: without those that name their subject, and with those that a quarantine took away. */
export function liveTags(
  {
    repository,
    quarantined = [],
    restored = [],
  }: {
    readonly repository: CompactRepository;
    readonly quarantined?: readonly Quarantine[];
    readonly restored?: readonly RestoredTag[];
  },
  graph: Graph,
): readonly LiveTag[] {
  const before = new Map(restored.map((one) => [one.tag, one] as const));
  const live: LiveTag[] = [];
  for (const [i, tag] of repository.tag.entries()) {
    const number = repository.tagDigest[i] as number;
    const digest = repository.digests.digestOf(number);
    if ((repository.tagSubject[i] as number) >= 0 || isQuarantineTag(tag, digest)) continue;
    const boundAt = repository.tagBoundAt[i] as number;
    const known = before.get(tag);
    const isOurs = known?.digest === digest && boundAt <= Date.parse(known.until);
    live.push({ tag, node: graph.nodeOfNumber(number), boundAt: isOurs ? Date.parse(known.boundAt) : boundAt });
  }
  if (quarantined.length === 0) return live;
  const named = new Set(live.map(({ tag }) => tag));
  for (const { tags: taken } of quarantined) {
    for (const { tag, digest, boundAt } of taken) {
      // What has come to stand under the tag since is another image.
      if (!named.has(tag)) live.push({ tag, node: graph.nodeOf(digest), boundAt: Date.parse(boundAt) });
      named.add(tag);
    }
  }
  return live;
}
