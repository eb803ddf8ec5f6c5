import type { RepositoryName } from '../inventory/index.ts';
import {
  type BlobPacker,
  MOST_REFERRERS,
  type Registry,
  type RegistryReader,
  walkClosedGraph,
} from '../registry/index.ts';
import { copyGraph } from '../replication/index.ts';
import type { ExpiringGraph } from './model.ts';

export interface ArchivePorts {
  readonly registry: RegistryReader;
  /** The registry in the archive bucket. */
  readonly archive: Registry;
  /** Stores what was archived in less room, where it can. */
  readonly packer?: BlobPacker;
}

export type ArchiveResult = { readonly kind: 'archived' } | { readonly kind: 'incomplete'; readonly why: string };

/** Under which repository of the archive the images of a repository lie. */
export const archiveRepository = ({ registry, repository }: RepositoryName): string => `${registry}/${repository}`;

/**
 * Copies a graph to the archive, whole: children, referrers and tags, byte for byte, each blob once for all
 * repositories. Nothing is deleted here. Idempotent. What cannot be brought back whole is not archived.
 */
export async function archiveGraph(
  { registry, archive, packer }: ArchivePorts,
  of: RepositoryName,
  graph: ExpiringGraph,
  options: { readonly signal?: AbortSignal } = {},
): Promise<ArchiveResult> {
  const from = of.repository;
  const closed = await walkClosedGraph(
    registry,
    { repository: from, digest: graph.root },
    { ...options, referrerLimit: MOST_REFERRERS },
  );
  // A retry after the deletion: it went into the archive before that. What was attached at that very moment did not.
  if (!closed)
    return (await isLeftBehind(registry, archive, of, graph)) ? incomplete('parts came later') : { kind: 'archived' };
  if (closed.missing.length > 0) return incomplete(`${closed.missing.length} of its parts are missing`);
  if (!closed.complete) return incomplete('its referrers cannot all be told');
  const repository = archiveRepository(of);
  const copy = await copyGraph({ source: registry, target: archive, from, repository, ...options }, closed);
  if (copy.kind === 'source-incomplete') return incomplete(`${copy.missing.length} of its blobs are missing`);
  if (copy.kind !== 'copied') return incomplete(`its copy ended with "${copy.kind}"`);
  const tags = [...graph.tags.map((tag) => ({ tag, digest: graph.root })), ...graph.partTags, ...closed.tags];
  for (const { tag, digest } of tags) {
    const node = closed.nodes.find(({ manifest }) => manifest.digest === digest);
    if (!node) continue;
    const { mediaType } = node.manifest;
    await archive.putManifest({ repository, reference: tag, mediaType, bytes: node.bytes }, options);
  }
  // Blobs are shared: what another image packed before is packed.
  if (packer) for (const { digest } of closed.blobs) await packer.pack(digest, options);
  return { kind: 'archived' };
}

async function isLeftBehind(
  registry: RegistryReader,
  archive: Registry,
  of: RepositoryName,
  { deletes }: ExpiringGraph,
): Promise<boolean> {
  for (const reference of deletes) {
    if (!(await registry.headManifest({ repository: of.repository, reference }))) continue;
    if (!(await archive.headManifest({ repository: archiveRepository(of), reference }))) return true;
  }
  return false;
}

const incomplete = (why: string): ArchiveResult => ({ kind: 'incomplete', why });
