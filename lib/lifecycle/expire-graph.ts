import type { Clock } from '../core/clock.ts';
import type { Digest } from '../core/digest.ts';
import { draftEvent, type EventDraft, imageArchived, imageExpired } from '../events/index.ts';
import { type DeletionPorts, type ImageCatalog, type RepositoryName, recordDeletion } from '../inventory/index.ts';
import { type Registry, subjectOfTag } from '../registry/index.ts';
import type { ExpiringGraph } from './model.ts';
import type { LeaseStore, Tribunal } from './ports.ts';

export interface ExpirePorts extends DeletionPorts {
  readonly catalog: ImageCatalog;
  readonly leases: Pick<LeaseStore, 'leases'> & Tribunal;
  readonly registry: Pick<Registry, 'headManifest' | 'listReferrers' | 'deleteManifest'>;
  readonly clock: Clock;
}

export type ExpireResult =
  | { readonly kind: 'expired'; readonly events: readonly EventDraft[] }
  /** The world moved since the plan: nothing of the graph was touched. */
  | { readonly kind: 'spared'; readonly why: string };

/** An event names at most so many of the deleted digests; the count is of all. */
const MAX_NAMED = 500;

/**
 * Deletes one graph of a plan, after checking again, with the registry itself, that nothing came to need it since.
 *
 * The root goes first: an index whose children are gone is broken, while children without their index are only
 * unreachable. Referrers go last, so that an image is never there without its signature. Every step can be repeated,
 * so a retry after a crash goes on where it stopped.
 */
export async function expireGraph(
  ports: ExpirePorts,
  of: RepositoryName,
  graph: ExpiringGraph,
  plan: Digest,
): Promise<ExpireResult> {
  const why = await whatSpares(ports, of, graph);
  if (why !== undefined) return { kind: 'spared', why };
  const late = await lateReferrers(ports, of, graph);
  const deletes = [...graph.deletes, ...late];
  const saved = await condemn(ports.leases, of, deletes);
  if (saved !== undefined) return { kind: 'spared', why: `${saved} came to be held just now` };
  const deletedAt = ports.clock.now().toISOString();
  // By digest only: it takes the digest's tags along, and can never hit a tag that was moved to another one meanwhile.
  for (const digest of deletes) {
    await ports.registry.deleteManifest({ repository: of.repository, digest });
    await recordDeletion(ports, { ...of, digest }, deletedAt);
  }
  for (const tag of [...graph.tags, ...graph.partTags.map((part) => part.tag)]) {
    await ports.catalog.bindTag({ ...of, tag, digest: undefined, boundAt: deletedAt });
  }
  return {
    kind: 'expired',
    events: [toEvent(of, graph, plan, deletes)],
  };
}

/** Sentences all or none; the digest for which it came too late, if any. */
async function condemn(
  tribunal: Tribunal,
  of: RepositoryName,
  digests: readonly Digest[],
): Promise<Digest | undefined> {
  const condemned: Digest[] = [];
  for (const digest of digests) {
    if (await tribunal.condemn(of, digest)) condemned.push(digest);
    else {
      for (const one of condemned) await tribunal.reprieve(of, one);
      return digest;
    }
  }
  return undefined;
}

function toEvent(of: RepositoryName, graph: ExpiringGraph, plan: Digest, deletes: readonly Digest[]): EventDraft {
  const subject = { ...of, digest: graph.root, mediaType: graph.mediaType, tags: [...graph.tags] };
  const told = { subject, plan, reason: graph.why };
  if (graph.action === 'archive') return draftEvent(imageArchived, told);
  return draftEvent(imageExpired, { ...told, deleted: deletes.slice(0, MAX_NAMED), deletedCount: deletes.length });
}

/** The first reason found why the graph must stay. */
async function whatSpares(ports: ExpirePorts, of: RepositoryName, graph: ExpiringGraph): Promise<string | undefined> {
  const doomed = new Set(graph.deletes);
  const tags = [...graph.tags.map((tag) => ({ tag, digest: graph.root })), ...graph.partTags];
  for (const { tag, digest } of tags) {
    const head = await ports.registry.headManifest({ repository: of.repository, reference: tag });
    if (head && head.digest !== digest) return `the tag ${tag} names another digest now`;
  }
  const now = ports.clock.now().toISOString();
  for (const lease of await ports.leases.leases(of)) {
    if (doomed.has(lease.digest) && lease.until > now) return `${lease.digest} is held: ${lease.reason}`;
  }
  for await (const binding of ports.catalog.tags(of)) {
    const isOwn = tags.some(({ tag }) => tag === binding.tag) || subjectOfTag(binding.tag) !== undefined;
    if (binding.digest && doomed.has(binding.digest) && !isOwn) return `the tag ${binding.tag} names a part of it now`;
  }
  for (const digest of graph.deletes) {
    const parents = await ports.catalog.parentsOf({ ...of, digest });
    const parent = parents.find((candidate) => !doomed.has(candidate));
    if (parent !== undefined) return `${digest} is a child of ${parent}, which stays`;
  }
  return undefined;
}

/** Referrers that were attached after the plan: their subject goes, so they go with it. */
async function lateReferrers(ports: ExpirePorts, of: RepositoryName, graph: ExpiringGraph): Promise<Digest[]> {
  const known = new Set(graph.deletes);
  const late: Digest[] = [];
  for (const digest of graph.deletes) {
    const { descriptors } = await ports.registry.listReferrers({ repository: of.repository, digest }, { limit: 1_000 });
    for (const referrer of descriptors) {
      if (known.has(referrer.digest)) continue;
      known.add(referrer.digest);
      late.push(referrer.digest);
    }
  }
  return late;
}
