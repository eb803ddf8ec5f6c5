import type { Digest } from '../core/digest.ts';
import type { ClosedGraph, GraphNode, RegistryReader } from '../registry/index.ts';
import type { BlobPlaces } from './blob-places.ts';
import { type BlobOutcome, copyBlobs } from './copy-blobs.ts';
import { copyManifests, type ManifestTarget, verifyArrival } from './copy-manifests.ts';

export interface GraphTransfer extends ManifestTarget {
  readonly source: RegistryReader;
  /** The repository at the source. */
  readonly from: string;
  /** Repositories of the target that are asked for a mount before a blob is uploaded. */
  readonly mountFrom?: readonly string[];
  readonly places?: BlobPlaces | undefined;
}

export type GraphCopy =
  | {
      readonly kind: 'copied';
      /** What became of each blob, in the order of the graph. */
      readonly outcomes: readonly BlobOutcome[];
      /** Those that the target lacked. */
      readonly manifests: readonly GraphNode[];
    }
  | { readonly kind: 'source-incomplete'; readonly missing: readonly Digest[] };

/**
 * Brings a closed graph to the target, without tags: what is missing there and nothing else, blobs before the manifests
 * that name them, and then asks for all of it back. Idempotent.
 *
 * @throws LadingError of the registries; `replica-incomplete` (retryable)
 */
export async function copyGraph(transfer: GraphTransfer, graph: ClosedGraph): Promise<GraphCopy> {
  const { source, target, from, repository, signal } = transfer;
  const places = { mountFrom: transfer.mountFrom ?? [], places: transfer.places };
  const outcomes = await copyBlobs({ source, target, from, to: repository, signal, ...places }, graph.blobs);
  const missing = graph.blobs.filter((_, i) => outcomes[i] === 'missing');
  if (missing.length > 0) return { kind: 'source-incomplete', missing: missing.map(({ digest }) => digest) };
  const manifests = await copyManifests(transfer, graph);
  const arrived = graph.blobs.filter((_, i) => outcomes[i] === 'copied' || outcomes[i] === 'mounted');
  await verifyArrival(transfer, manifests, arrived);
  return { kind: 'copied', outcomes, manifests };
}
