import type { Digest } from '../core/digest.ts';
import { LadingError } from '../core/errors.ts';
import type { ClosedGraph, GraphNode, Registry } from '../registry/index.ts';

export interface ManifestTarget {
  readonly target: Registry;
  readonly repository: string;
  readonly signal?: AbortSignal | undefined;
}

/** Referrers of one subject that the target is asked for, to see which it lists already. */
const MOST_REFERRERS = 10_000;

/**
 * Puts the manifests of a graph in its order, byte for byte, those that the target lacks. A referrer that is there but
 * not listed (an earlier run broke off) is attached again.
 *
 * @returns the nodes that were put
 */
export async function copyManifests(to: ManifestTarget, graph: ClosedGraph): Promise<readonly GraphNode[]> {
  const { target, repository } = to;
  const call = callOf(to);
  const listed = new Map<Digest, ReadonlySet<Digest>>();
  const copied: GraphNode[] = [];
  for (const node of graph.nodes) {
    const { digest, mediaType, size, subject } = node.manifest;
    const head = await target.headManifest({ repository, reference: digest }, call);
    const isThere = head?.size === size;
    const content = { repository, mediaType, bytes: node.bytes };
    if (subject !== undefined) {
      const known = listed.get(subject.digest) ?? (await referrersAt(to, subject.digest));
      listed.set(subject.digest, known);
      if (!isThere || !known.has(digest)) await target.attachReferrer(content, call);
    } else if (!isThere) await target.putManifest({ ...content, reference: digest }, call);
    if (!isThere) copied.push(node);
  }
  return copied;
}

async function referrersAt(to: ManifestTarget, subject: Digest): Promise<ReadonlySet<Digest>> {
  const of = { repository: to.repository, digest: subject };
  const { descriptors } = await to.target.listReferrers(of, { ...callOf(to), limit: MOST_REFERRERS });
  return new Set(descriptors.map((d) => d.digest));
}

/**
 * Asks the target for everything that was pushed, before any tag makes it visible.
 *
 * @throws LadingError `replica-incomplete` (retryable)
 */
export async function verifyArrival(
  to: ManifestTarget,
  manifests: readonly GraphNode[],
  blobs: readonly { readonly digest: Digest; readonly size: number }[],
): Promise<void> {
  const { target, repository } = to;
  for (const { digest, size } of blobs) {
    const head = await target.headBlob({ repository, digest }, callOf(to));
    if (head?.size !== size) throw lost(`the blob ${digest}`, to);
  }
  for (const { manifest } of manifests) {
    const head = await target.headManifest({ repository, reference: manifest.digest }, callOf(to));
    if (head?.digest !== manifest.digest || head.size !== manifest.size)
      throw lost(`the manifest ${manifest.digest}`, to);
  }
}

const lost = (what: string, to: ManifestTarget): LadingError =>
  new LadingError('replica-incomplete', `${what} was pushed to ${to.target.host}/${to.repository} and is not there`, {
    retryable: true,
  });

const callOf = ({ signal }: ManifestTarget) => (signal === undefined ? {} : { signal });
