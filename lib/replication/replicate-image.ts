import type { Clock } from '../core/clock.ts';
import { mapLimit } from '../core/concurrency.ts';
import type { Digest } from '../core/digest.ts';
import {
  type ClosedGraph,
  type KnownManifests,
  MOST_REFERRERS,
  type Registry,
  type RegistryReader,
  walkClosedGraph,
} from '../registry/index.ts';
import type { BlobPlaces } from './blob-places.ts';
import { copyGraph } from './copy-graph.ts';
import type { ReplicationRequest, ReplicationResult } from './model.ts';
import type { ReplicaWriter, TagLedger } from './ports.ts';
import { setTags, type TagPorts } from './set-tags.ts';
import type { TransferLimits } from './transfer-limits.ts';

export interface ReplicationPorts {
  readonly source: RegistryReader;
  readonly target: Registry;
  readonly replicas: Pick<ReplicaWriter, 'intend' | 'complete'> & { readonly tags?: TagLedger };
  /** Where to mount blobs from, beside what the request names. */
  readonly places?: BlobPlaces;
  /** Manifests that were read before: of an image that is there already, nothing is read again. */
  readonly known?: KnownManifests;
  readonly movedAt?: TagPorts['movedAt'];
  readonly clock: Clock;
}

const RECORDS_AT_ONCE = 8;

/**
 * Copies the closed graph of an image: what is missing at the target and nothing else, every byte hashed on the way.
 * First the intention is recorded, then blobs, manifests in order of dependency, referrers; then all of it is asked
 * back; the tags come last, so that whoever sees a tag sees a whole image. Idempotent: a retry goes on where the last
 * attempt stopped.
 *
 * @throws LadingError of the registries; `replica-incomplete`, `tag-contested` (retryable)
 */
export async function replicateImage(
  ports: ReplicationPorts,
  request: ReplicationRequest,
  options: { readonly signal?: AbortSignal; readonly limits?: TransferLimits } = {},
): Promise<ReplicationResult> {
  const { source, target } = ports;
  const { repository, digest } = request.source;
  const { limits, ...call } = options;
  const tagged = tagThatIsRight(ports, request, call);
  const [walked] = await Promise.all([
    walkClosedGraph(
      source,
      { repository, digest },
      { ...call, referrerLimit: MOST_REFERRERS, known: request.thorough ? undefined : ports.known },
    ),
    tagged,
  ]);
  const graph = walked;
  if (graph === undefined) return { kind: 'source-missing' };
  if (graph.missing.length > 0) return { kind: 'source-incomplete', missing: graph.missing.map((m) => m.digest) };

  const arrived = await recordIntentions(ports, request, graph);
  // A tag is only ever set on a whole image: what hangs together under it need not be asked for part by part.
  const right = await tagged;
  const underTag = right === undefined ? none : partsOf(graph);
  const isSettled = (one: Digest): boolean => !request.thorough && (arrived.has(one) || underTag.has(one));
  const sameRegistry = source.host === target.host ? [repository] : [];
  const mountFrom = [...sameRegistry, ...(request.mountFrom ?? [])];
  const to = { target, repository: request.target.repository, ...call };
  const copy = await copyGraph(
    {
      ...to,
      source,
      from: repository,
      mountFrom,
      places: ports.places,
      isSettled,
      limits,
      seen: right === undefined ? undefined : graph.root,
    },
    graph,
  );
  if (copy.kind !== 'copied') return copy;
  const tags = await setTags({ ...ports, tags: ports.replicas.tags }, request, graph, { ...call, right });
  await completeRecords(ports, request, graph, arrived);
  return { ...copy, kind: 'replicated', mediaType: rootOf(graph).mediaType, ...tags, complete: graph.complete };
}

const none: ReadonlySet<Digest> = new Set();

/** A tag that the target has on the image already. Asked for while the source is walked. */
async function tagThatIsRight(
  { target }: ReplicationPorts,
  request: ReplicationRequest,
  call: { readonly signal?: AbortSignal },
): Promise<string | undefined> {
  const [tag] = [...(request.names ?? []), ...request.tags];
  if (tag === undefined || request.thorough) return undefined;
  const head = await target.headManifest({ repository: request.target.repository, reference: tag }, call);
  return head?.digest === request.source.digest ? tag : undefined;
}

/** The image and, of an index, its images: what the registry had to see before it took the tag. */
function partsOf(graph: ClosedGraph): ReadonlySet<Digest> {
  return new Set(
    graph.nodes.filter(({ role }) => role === 'root' || role === 'child').map(({ manifest }) => manifest.digest),
  );
}

const rootOf = (graph: ClosedGraph) => {
  const root = graph.nodes.find((node) => node.role === 'root');
  if (root === undefined) throw new TypeError('a closed graph has a root');
  return root.manifest;
};

/** @returns the manifests of which it is recorded that they have arrived whole */
async function recordIntentions(
  ports: ReplicationPorts,
  request: ReplicationRequest,
  graph: ClosedGraph,
): Promise<ReadonlySet<Digest>> {
  const intendedAt = ports.clock.now().toISOString();
  const known = await mapLimit(graph.nodes, RECORDS_AT_ONCE, async ({ manifest: { digest } }) => {
    const state = await ports.replicas.intend({
      target: { ...request.target, digest },
      source: { ...request.source, digest },
      root: graph.root,
      intendedAt,
    });
    return state === 'complete' ? [digest] : [];
  });
  return new Set(known.flat());
}

async function completeRecords(
  ports: ReplicationPorts,
  request: ReplicationRequest,
  graph: ClosedGraph,
  arrived: ReadonlySet<Digest>,
): Promise<void> {
  const completedAt = ports.clock.now().toISOString();
  const fresh = graph.nodes.filter(({ manifest }) => !arrived.has(manifest.digest));
  await mapLimit(fresh, RECORDS_AT_ONCE, ({ manifest: { digest } }) =>
    ports.replicas.complete({ ...request.target, digest }, completedAt),
  );
}
