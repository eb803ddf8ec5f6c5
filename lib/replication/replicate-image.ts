import type { Clock } from '../core/clock.ts';
import { mapLimit } from '../core/concurrency.ts';
import type { Digest } from '../core/digest.ts';
import { isLadingError } from '../core/errors.ts';
import { type ClosedGraph, type Registry, type RegistryReader, walkClosedGraph } from '../registry/index.ts';
import type { BlobPlaces } from './blob-places.ts';
import type { BlobOutcome } from './copy-blobs.ts';
import { copyGraph } from './copy-graph.ts';
import type { ManifestTarget } from './copy-manifests.ts';
import type { ReplicationRequest, ReplicationResult } from './model.ts';
import type { ReplicaWriter } from './ports.ts';

export interface ReplicationPorts {
  readonly source: RegistryReader;
  readonly target: Registry;
  readonly replicas: ReplicaWriter;
  /** Where to mount blobs from, beside what the request names. */
  readonly places?: BlobPlaces;
  readonly clock: Clock;
}

/** Referrers of one manifest that are copied. */
export const REPLICATED_REFERRERS = 10_000;
const RECORDS_AT_ONCE = 8;

/**
 * Copies the closed graph of an image: what is missing at the target and nothing else, every byte hashed on the way.
 * First the intention is recorded, then blobs, manifests in order of dependency, referrers; then all of it is asked
 * back; the tags come last, so that whoever sees a tag sees a whole image. Idempotent: a retry goes on where the last
 * attempt stopped.
 *
 * @throws LadingError of the registries; `replica-incomplete` (retryable)
 */
export async function replicateImage(
  ports: ReplicationPorts,
  request: ReplicationRequest,
  options: { readonly signal?: AbortSignal } = {},
): Promise<ReplicationResult> {
  const { source, target } = ports;
  const { repository, digest } = request.source;
  const graph = await walkClosedGraph(
    source,
    { repository, digest },
    { ...options, referrerLimit: REPLICATED_REFERRERS },
  );
  if (graph === undefined) return { kind: 'source-missing' };
  if (graph.missing.length > 0) return { kind: 'source-incomplete', missing: graph.missing.map((m) => m.digest) };

  await recordIntentions(ports, request, graph);
  const to: ManifestTarget = { target, repository: request.target.repository, ...options };
  const sameRegistry = source.host === target.host ? [repository] : [];
  const mountFrom = [...sameRegistry, ...(request.mountFrom ?? [])];
  const copy = await copyGraph({ ...to, source, from: repository, mountFrom, places: ports.places }, graph);
  if (copy.kind === 'source-incomplete') return copy;
  const { outcomes, manifests } = copy;
  const tags = await setTags(ports, request, graph, options.signal);
  await completeRecords(ports, request, graph);

  const copied = graph.blobs.filter((_, i) => outcomes[i] === 'copied');
  const bytes = [...copied, ...manifests.map((node) => node.manifest)].reduce((sum, { size }) => sum + size, 0);
  const count = (outcome: BlobOutcome): number => outcomes.filter((o) => o === outcome).length;
  return {
    kind: 'replicated',
    mediaType: rootOf(graph).mediaType,
    bytesMoved: bytes,
    blobsCopied: count('copied'),
    blobsMounted: count('mounted'),
    blobsSkipped: count('skipped') + count('not-distributed'),
    manifestsCopied: manifests.length,
    manifestsSkipped: graph.nodes.length - manifests.length,
    ...tags,
    complete: graph.complete,
  };
}

const rootOf = (graph: ClosedGraph) => {
  const root = graph.nodes.find((node) => node.role === 'root');
  if (root === undefined) throw new TypeError('a closed graph has a root');
  return root.manifest;
};

async function recordIntentions(
  ports: ReplicationPorts,
  request: ReplicationRequest,
  graph: ClosedGraph,
): Promise<void> {
  const intendedAt = ports.clock.now().toISOString();
  await mapLimit(graph.nodes, RECORDS_AT_ONCE, ({ manifest: { digest } }) =>
    ports.replicas.intend({
      target: { ...request.target, digest },
      source: { ...request.source, digest },
      root: graph.root,
      intendedAt,
    }),
  );
}

async function completeRecords(
  ports: ReplicationPorts,
  request: ReplicationRequest,
  graph: ClosedGraph,
): Promise<void> {
  const completedAt = ports.clock.now().toISOString();
  await mapLimit(graph.nodes, RECORDS_AT_ONCE, ({ manifest: { digest } }) =>
    ports.replicas.complete({ ...request.target, digest }, completedAt),
  );
}

/**
 * Sets tags at the target: cosign's first, then those of the image. A tag that has moved on at the source is left: the
 * event of its new digest brings it, and this one, being late, must not take it back.
 */
async function setTags(
  { source, target }: ReplicationPorts,
  request: ReplicationRequest,
  graph: ClosedGraph,
  signal: AbortSignal | undefined,
): Promise<Pick<Extract<ReplicationResult, { kind: 'replicated' }>, 'tags' | 'tagsLeft'>> {
  const call = signal === undefined ? {} : { signal };
  const done: string[] = [];
  const left: { readonly tag: string; readonly why: 'moved-at-source' | 'immutable-at-target' }[] = [];
  const wanted = [...graph.tags, ...request.tags.map((tag) => ({ tag, digest: graph.root }))];
  for (const { tag, digest } of wanted) {
    const now = await source.headManifest({ repository: request.source.repository, reference: tag }, call);
    if (now?.digest !== digest) {
      left.push({ tag, why: 'moved-at-source' });
      continue;
    }
    if (await setTag(target, request.target.repository, tag, nodeOf(graph, digest), call)) done.push(tag);
    else left.push({ tag, why: 'immutable-at-target' });
  }
  return { tags: done, tagsLeft: left };
}

const nodeOf = (graph: ClosedGraph, digest: Digest) => graph.nodes.find((node) => node.manifest.digest === digest);

async function setTag(
  target: Registry,
  repository: string,
  tag: string,
  node: ClosedGraph['nodes'][number] | undefined,
  call: { readonly signal?: AbortSignal },
): Promise<boolean> {
  if (node === undefined) return false;
  const { digest, mediaType } = node.manifest;
  if ((await target.headManifest({ repository, reference: tag }, call))?.digest === digest) return true;
  try {
    await target.putManifest({ repository, reference: tag, mediaType, bytes: node.bytes }, call);
    return true;
  } catch (error) {
    if (isLadingError(error, 'tag-immutable')) return false;
    throw error;
  }
}
