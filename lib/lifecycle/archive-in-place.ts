import type { Digest } from '../core/digest.ts';
import { draftEvent, type EventDraft, imageArchived } from '../events/index.ts';
import { type ImageCatalog, type RepositoryName, recordDeletion } from '../inventory/index.ts';
import type { ArchivalClass } from '../registry/index.ts';
import { condemnAll } from './condemn-all.ts';
import type { ExpirePorts } from './expire-graph.ts';
import type { ExpiringGraph } from './model.ts';
import { pulledSince, whatSpares } from './what-spares.ts';

export interface ArchiveInPlacePorts extends Omit<ExpirePorts, 'catalog' | 'registry' | 'quarantine'> {
  readonly catalog: ImageCatalog;
  readonly registry: ExpirePorts['registry'] & { readonly archivalClass?: ArchivalClass };
}

export type ArchiveInPlaceResult =
  | { readonly kind: 'archived'; readonly events: readonly EventDraft[] }
  | { readonly kind: 'spared'; readonly why: string };

/**
 * Moves a graph to the archival class of its registry, after the same questions as before a deletion: what is archived
 * cannot be pulled, so nothing goes there that something uses. Children go with their index; what refers to an image the
 * registry moves by itself. Tags stay on it. Idempotent.
 */
export async function archiveInPlace(
  ports: ArchiveInPlacePorts,
  of: RepositoryName,
  graph: ExpiringGraph,
  plan: { readonly digest: Digest; readonly plannedAt: string },
): Promise<ArchiveInPlaceResult> {
  const { archivalClass } = ports.registry;
  if (!archivalClass) return { kind: 'spared', why: `${of.registry} has no archival storage class` };
  const doomed = { of, graph, since: plan.plannedAt };
  const why = await whatSpares(ports, doomed);
  if (why !== undefined) return { kind: 'spared', why };
  const sentence = await condemnAll(ports.leases, of, graph.deletes, plan.digest);
  if (sentence.saved !== undefined) return { kind: 'spared', why: `${sentence.saved} came to be held just now` };
  try {
    const pulled = await pulledSince(ports, doomed);
    if (pulled !== undefined) return { kind: 'spared', why: pulled };
    return await move(ports, archivalClass, of, graph, plan.digest);
  } finally {
    for (const digest of graph.deletes) await ports.leases.reprieve(of, digest, plan.digest);
  }
}

async function move(
  ports: ArchiveInPlacePorts,
  archivalClass: ArchivalClass,
  of: RepositoryName,
  graph: ExpiringGraph,
  plan: Digest,
): Promise<ArchiveInPlaceResult> {
  const archivedAt = ports.clock.now().toISOString();
  for (const digest of graph.deletes) {
    const entry = await ports.catalog.find({ ...of, digest });
    // Its subject took it along.
    const follows = entry?.referrerOf !== undefined && digest !== graph.root;
    const outcome = follows ? 'archived' : await archivalClass.archive({ repository: of.repository, digest });
    if (outcome === 'refused' && digest === graph.root) {
      return { kind: 'spared', why: `${of.registry} does not archive it` };
    }
    // A child that the registry does not archive by itself stays where it is.
    if (outcome === 'refused') continue;
    await ports.catalog.markArchived({ ...of, digest }, archivedAt, 'registry');
    await recordDeletion(ports, { ...of, digest }, archivedAt);
  }
  const subject = { ...of, digest: graph.root, mediaType: graph.mediaType, tags: [...graph.tags] };
  const told = { subject, plan, reason: graph.why, storage: 'registry' as const };
  return { kind: 'archived', events: [draftEvent(imageArchived, told)] };
}
