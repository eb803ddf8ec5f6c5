import { mapLimit } from '../core/concurrency.ts';
import type { ImageLocation } from '../core/image-reference.ts';
import { isNonDistributable } from '../formats/oci/index.ts';
import { type ClosedGraph, MOST_REFERRERS, type RegistryReader, walkClosedGraph } from '../registry/index.ts';
import type { ReplicaCheck, RepositoryAddress } from './model.ts';

export interface CheckPorts {
  readonly source: RegistryReader;
  readonly target: RegistryReader;
}

export interface CheckRequest {
  readonly source: ImageLocation;
  readonly target: RepositoryAddress;
  /** Tags that the target should have on the image. */
  readonly tags: readonly string[];
}

const AT_ONCE = 8;

/**
 * Compares a replica with its source without reading a layer: every manifest, blob, referrer and tag is asked for by
 * HEAD. The first difference found, in order of weight, is the answer.
 */
export async function checkReplica(
  ports: CheckPorts,
  request: CheckRequest,
  options: { readonly signal?: AbortSignal } = {},
): Promise<ReplicaCheck> {
  const { source, target } = ports;
  const at = { repository: request.source.repository, digest: request.source.digest };
  const graph = await walkClosedGraph(source, at, { ...options, referrerLimit: MOST_REFERRERS });
  if (graph === undefined) return { kind: 'source-missing' };
  const { repository } = request.target;
  const root = await target.headManifest({ repository, reference: graph.root }, options);
  if (root === undefined)
    return { kind: 'missing', detail: `${target.host}/${repository} does not hold ${graph.root}` };
  return (
    (await compareParts(target, repository, graph, options)) ??
    (await compareReferrers(target, repository, graph, options)) ??
    (await compareTags(ports, request, graph, options)) ?? { kind: 'equal' }
  );
}

type Options = { readonly signal?: AbortSignal };
type Divergence = Extract<ReplicaCheck, { kind: 'diverged' }>;

const diverged = (difference: Divergence['difference'], detail: string): Divergence => ({
  kind: 'diverged',
  difference,
  detail,
});

async function compareParts(
  target: RegistryReader,
  repository: string,
  graph: ClosedGraph,
  options: Options,
): Promise<Divergence | undefined> {
  const manifests = graph.nodes.map(({ manifest }) => async () => ({
    what: `the manifest ${manifest.digest}`,
    expected: manifest.size,
    found: (await target.headManifest({ repository, reference: manifest.digest }, options))?.size,
  }));
  const blobs = graph.blobs
    .filter((blob) => !isNonDistributable(blob.mediaType))
    .map(({ digest, size }) => async () => ({
      what: `the blob ${digest}`,
      expected: size,
      found: (await target.headBlob({ repository, digest }, options))?.size,
    }));
  const parts = await mapLimit([...manifests, ...blobs], AT_ONCE, (ask) => ask());
  const lost = parts.filter((part) => part.found === undefined);
  if (lost.length > 0) return diverged('incomplete', `${lost[0]?.what} is not there (${lost.length} parts in all)`);
  const wrong = parts.find((part) => part.found !== part.expected);
  return wrong && diverged('corrupted', `${wrong.what} has ${wrong.found} bytes, not ${wrong.expected}`);
}

/** Referrers must not only be there but be listed; one that the source does not have was attached by someone else. */
async function compareReferrers(
  target: RegistryReader,
  repository: string,
  graph: ClosedGraph,
  options: Options,
): Promise<Divergence | undefined> {
  const known = new Set(graph.nodes.map(({ manifest }) => manifest.digest));
  for (const { manifest } of graph.nodes) {
    const of = { repository, digest: manifest.digest };
    const { descriptors } = await target.listReferrers(of, { ...options, limit: MOST_REFERRERS });
    const listed = new Set(descriptors.map((d) => d.digest));
    const own = graph.nodes.filter((node) => node.manifest.subject?.digest === manifest.digest);
    const lost = own.find((node) => !listed.has(node.manifest.digest));
    if (lost)
      return diverged('incomplete', `the referrer ${lost.manifest.digest} is not listed for ${manifest.digest}`);
    const extra = graph.complete ? [...listed].find((digest) => !known.has(digest)) : undefined;
    if (extra) return diverged('extra', `${extra} refers to ${manifest.digest} and is not at the source`);
  }
  return undefined;
}

async function compareTags(
  { source, target }: CheckPorts,
  request: CheckRequest,
  graph: ClosedGraph,
  options: Options,
): Promise<Divergence | undefined> {
  const wanted = [...graph.tags, ...request.tags.map((tag) => ({ tag, digest: graph.root }))];
  for (const { tag, digest } of wanted) {
    const [here, there] = await Promise.all([
      source.headManifest({ repository: request.source.repository, reference: tag }, options),
      target.headManifest({ repository: request.target.repository, reference: tag }, options),
    ]);
    // A tag that has moved on at the source is the business of the digest that it is on now.
    if (here?.digest !== digest || there?.digest === digest) continue;
    return diverged('tag-moved', `the tag ${tag} is on ${there?.digest ?? 'nothing'}, not on ${digest}`);
  }
  return undefined;
}
