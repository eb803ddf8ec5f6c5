import type { Digest } from '../core/digest.ts';
import type { Descriptor } from '../formats/oci/index.ts';
import { type ClosedGraph, namedBlobs, type RegistryReader } from '../registry/index.ts';
import type { BlobPlaces } from './blob-places.ts';
import { type BlobOutcome, copyBlobs, heldBlobs } from './copy-blobs.ts';
import { copyManifests, type Held, heldManifests, type ManifestTarget, verifyArrival } from './copy-manifests.ts';
import type { CopyCounts, ReplicationResult } from './model.ts';
import type { TransferLimits } from './transfer-limits.ts';

export interface GraphTransfer extends ManifestTarget {
  readonly source: RegistryReader;
  /** The repository at the source. */
  readonly from: string;
  /** Repositories of the target that are asked for a mount before a blob is uploaded. */
  readonly mountFrom?: readonly string[];
  readonly places?: BlobPlaces | undefined;
  readonly limits?: TransferLimits | undefined;
  /** A manifest that the target was just seen to hold. */
  readonly seen?: Digest | undefined;
  /**
   * Whether a manifest that the target has is known to have arrived whole: its blobs are then not asked for.
   *
   * @default every blob is asked for
   */
  readonly isSettled?: (digest: Digest) => boolean;
}

export type GraphCopy =
  | ({ readonly kind: 'copied' } & CopyCounts)
  | Extract<ReplicationResult, { kind: 'source-incomplete' | 'paused' | 'too-large' }>;

/**
 * Brings a closed graph to the target, without tags: what is missing there and nothing else, blobs before the manifests
 * that name them, and then asks for all of it back. Idempotent.
 *
 * @throws LadingError of the registries; `replica-incomplete` (retryable)
 */
export async function copyGraph(transfer: GraphTransfer, graph: ClosedGraph): Promise<GraphCopy> {
  const { source, target, from, repository, signal, limits } = transfer;
  const held = await heldManifests(transfer, graph, transfer.seen);
  const doubtful = doubtfulBlobs(graph, held, transfer.isSettled);
  const there = await heldBlobs({ target, to: repository, signal }, doubtful);
  const absent = doubtful.filter((_, i) => !there[i]);
  const lacking = graph.nodes.filter(({ manifest }) => held.get(manifest.digest) === 'absent');
  const bytesMissing = bytesOf(absent) + bytesOf(lacking.map(({ manifest }) => manifest));
  if (limits?.mostBytes !== undefined && bytesMissing > limits.mostBytes) return { kind: 'too-large', bytesMissing };

  const places = { mountFrom: transfer.mountFrom ?? [], places: transfer.places };
  const outcomes = await copyBlobs({ source, target, from, to: repository, signal, limits, ...places }, absent);
  const missing = absent.filter((_, i) => outcomes[i]?.kind === 'missing');
  if (missing.length > 0) return { kind: 'source-incomplete', missing: missing.map(({ digest }) => digest) };
  const sent = outcomes.reduce((sum, one) => sum + one.sent, 0);
  if (outcomes.some(({ kind }) => kind === 'paused')) {
    return { kind: 'paused', bytesMoved: sent, bytesLeft: Math.max(0, bytesMissing - sent) };
  }
  const manifests = await copyManifests(transfer, graph, held);
  const arrived = absent.filter((_, i) => isArrival(outcomes[i]));
  await verifyArrival(transfer, manifests, arrived);
  const count = (kind: BlobOutcome['kind']): number => outcomes.filter((one) => one.kind === kind).length;
  const { blobs, nodes } = graph;
  return {
    kind: 'copied',
    bytesMoved: sent + bytesOf(manifests.map(({ manifest }) => manifest)),
    blobsCopied: count('copied'),
    blobsMounted: count('mounted'),
    blobsSkipped: blobs.length - count('copied') - count('mounted'),
    manifestsCopied: manifests.length,
    manifestsSkipped: nodes.length - manifests.length,
  };
}

const isArrival = (outcome: BlobOutcome | undefined): boolean =>
  outcome?.kind === 'copied' || outcome?.kind === 'mounted';

const bytesOf = (parts: readonly { readonly size: number }[]): number => parts.reduce((sum, { size }) => sum + size, 0);

/** The blobs that some manifest names of which it is not known that it arrived whole. */
function doubtfulBlobs(
  graph: ClosedGraph,
  held: ReadonlyMap<Digest, Held>,
  isSettled: GraphTransfer['isSettled'],
): readonly Descriptor[] {
  if (isSettled === undefined) return graph.blobs;
  const doubtful = new Set<Digest>();
  for (const { manifest } of graph.nodes) {
    if (held.get(manifest.digest) !== 'absent' && isSettled(manifest.digest)) continue;
    for (const { digest } of namedBlobs(manifest)) doubtful.add(digest);
  }
  return graph.blobs.filter(({ digest }) => doubtful.has(digest));
}
