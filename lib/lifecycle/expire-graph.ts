import type { Digest } from '../core/digest.ts';
import { draftEvent, type EventDraft, imageArchived, imageExpired } from '../events/index.ts';
import { type DeletionPorts, type ImageCatalog, type RepositoryName, recordDeletion } from '../inventory/index.ts';
import type { Registry } from '../registry/index.ts';
import type { WorkLedger } from '../work/index.ts';
import { condemnAll } from './condemn-all.ts';
import type { ExpiringGraph, Quarantine } from './model.ts';
import type { QuarantineStore, Tribunal } from './ports.ts';
import { lateReferrers, pulledSince, type SafetyPorts, whatSpares } from './what-spares.ts';

export interface ExpirePorts extends SafetyPorts, DeletionPorts {
  readonly catalog: ImageCatalog;
  readonly ledger: Pick<WorkLedger, 'list' | 'lapse'>;
  readonly leases: SafetyPorts['leases'] & Tribunal;
  readonly quarantine: Pick<QuarantineStore, 'quarantineOf' | 'endQuarantine'>;
  readonly registry: SafetyPorts['registry'] & Pick<Registry, 'deleteManifest'>;
}

export type ExpireResult =
  | { readonly kind: 'expired'; readonly events: readonly EventDraft[] }
  /** The world moved since the plan: nothing of the graph was touched. */
  | { readonly kind: 'spared'; readonly why: string };

interface PlanReference {
  readonly digest: Digest;
  readonly plannedAt: string;
}

/** An event names at most so many of the deleted digests; the count is of all. */
const MAX_NAMED = 500;

/**
 * Deletes one graph of a plan, after checking again, with the registry itself, that nothing came to need it since.
 *
 * The root goes first: an index whose children are gone is broken, while children without their index are only
 * unreachable. Referrers go last, so that an image is never there without its signature. Every step can be repeated,
 * so a retry after a crash goes on where it stopped.
 *
 * @param options.setAside it must be in quarantine still, which whoever put it back has ended
 */
export async function expireGraph(
  ports: ExpirePorts,
  of: RepositoryName,
  graph: ExpiringGraph,
  plan: PlanReference,
  { setAside = false }: { readonly setAside?: boolean } = {},
): Promise<ExpireResult> {
  const found = await ports.quarantine.quarantineOf({ ...of, digest: graph.root });
  const aside = found?.root === graph.root ? found : undefined;
  const now = ports.clock.now().toISOString();
  if (setAside) {
    if (!aside) return { kind: 'spared', why: 'it was put back' };
    if (aside.until === undefined || aside.until > now) return { kind: 'spared', why: 'it is still set aside' };
  }
  const doomed = { of, graph, since: aside?.quarantinedAt ?? plan.plannedAt, aside };
  const why = await whatSpares(ports, doomed);
  if (why !== undefined) return { kind: 'spared', why };
  const late = await lateReferrers(ports, doomed);
  // It may not have come into the archive with the rest; the next plan knows of it.
  if (graph.action === 'archive' && late.length > 0)
    return { kind: 'spared', why: `${late[0]} was attached to it just now` };
  const deletes = [...graph.deletes, ...late];
  const sentence = await condemnAll(ports.leases, of, deletes, plan.digest);
  if (sentence.saved !== undefined)
    return { kind: 'spared', why: `${sentence.saved} came to be held, or is being deleted, just now` };
  // Whoever puts it back holds it first, which from here on is refused: so what is there now was not put back.
  const changed = (await pulledSince(ports, doomed)) ?? (setAside ? await putBack(ports, of, graph.root) : undefined);
  if (changed !== undefined) {
    for (const digest of deletes) await ports.leases.reprieve(of, digest, plan.digest);
    return { kind: 'spared', why: changed };
  }
  const deletedAt = now;
  // By digest only: it takes the digest's tags along, and can never hit a tag that was moved to another one meanwhile.
  for (const digest of deletes) {
    await ports.registry.deleteManifest({ repository: of.repository, digest });
    await recordDeletion(ports, { ...of, digest }, deletedAt);
  }
  await forgetTags(ports, of, graph, aside, deletedAt);
  // Carried out: what comes back out of the archive, or is pushed again, can be held from the first moment.
  for (const digest of deletes) await ports.leases.reprieve(of, digest, plan.digest);
  return { kind: 'expired', events: [toEvent(of, graph, plan.digest, deletes)] };
}

async function putBack(ports: ExpirePorts, of: RepositoryName, root: Digest): Promise<string | undefined> {
  const aside = await ports.quarantine.quarantineOf({ ...of, digest: root });
  return aside?.root === root ? undefined : 'it was put back just now';
}

async function forgetTags(
  { catalog, quarantine }: ExpirePorts,
  of: RepositoryName,
  graph: ExpiringGraph,
  aside: Quarantine | undefined,
  deletedAt: string,
): Promise<void> {
  const gone = new Set(graph.deletes);
  for (const { tag, digest } of [...graph.tags.map((name) => ({ tag: name, digest: graph.root })), ...graph.partTags]) {
    // A tag that was taken away before may stand over another image by now.
    const names = aside ? (await catalog.tag(of, tag))?.digest : digest;
    if (names !== undefined && gone.has(names))
      await catalog.bindTag({ ...of, tag, digest: undefined, boundAt: deletedAt });
  }
  if (aside) await quarantine.endQuarantine(of, aside, []);
}

function toEvent(of: RepositoryName, graph: ExpiringGraph, plan: Digest, deletes: readonly Digest[]): EventDraft {
  const subject = { ...of, digest: graph.root, mediaType: graph.mediaType, tags: [...graph.tags] };
  const told = { subject, plan, reason: graph.why };
  if (graph.action === 'archive') return draftEvent(imageArchived, told);
  return draftEvent(imageExpired, { ...told, deleted: deletes.slice(0, MAX_NAMED), deletedCount: deletes.length });
}
