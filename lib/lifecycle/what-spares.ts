import type { Clock } from '../core/clock.ts';
import type { Digest } from '../core/digest.ts';
import { locationKey } from '../core/image-reference.ts';
import { type ImageCatalog, missingStage, type RepositoryName } from '../inventory/index.ts';
import { type Registry, subjectOfTag } from '../registry/index.ts';
import type { WorkLedger } from '../work/index.ts';
import type { ExpiringGraph, Quarantine } from './model.ts';
import type { HoldStore, LeaseStore, UsageStore } from './ports.ts';
import { isQuarantineTag } from './quarantine-tag.ts';

export interface SafetyPorts {
  readonly catalog: Pick<ImageCatalog, 'tags' | 'parentsOf' | 'find'>;
  readonly leases: Pick<LeaseStore, 'leases'> & Pick<HoldStore, 'holds'>;
  readonly usage: Pick<UsageStore, 'pulls'>;
  readonly registry: Pick<Registry, 'headManifest' | 'listReferrers'>;
  readonly ledger: Pick<WorkLedger, 'list'>;
  /** Whether a rule copies the repository: what still waits to be copied stays. */
  readonly replicated: (of: RepositoryName) => boolean;
  readonly clock: Clock;
}

/** A graph at the moment at which something is about to be done to it. */
export interface Doomed {
  readonly of: RepositoryName;
  readonly graph: ExpiringGraph;
  /** Pulls after this time count: the plan's, or that of the quarantine. */
  readonly since: string;
  /** Where it was set aside before: then its tags are gone, and what stands under them now is another image. */
  readonly aside?: Quarantine | undefined;
}

interface DoomedDigests {
  readonly of: RepositoryName;
  readonly graph: Pick<ExpiringGraph, 'deletes'>;
}

/** The first reason found why the graph must stay, asked of the registry itself and of all that is recorded. */
export async function whatSpares(ports: SafetyPorts, doomed: Doomed): Promise<string | undefined> {
  return (
    (await movedTag(ports, doomed)) ??
    (await heldBy(ports, doomed)) ??
    (await pulledSince(ports, doomed)) ??
    (await namedBy(ports, doomed)) ??
    (await listedBy(ports, doomed)) ??
    (await waitingReplica(ports, doomed))
  );
}

const tagsOf = ({ tags, root, partTags }: ExpiringGraph) => [
  ...tags.map((tag) => ({ tag, digest: root })),
  ...partTags,
];

async function movedTag({ registry }: SafetyPorts, { of, graph, aside }: Doomed): Promise<string | undefined> {
  for (const { tag, digest } of tagsOf(graph)) {
    const head = await registry.headManifest({ repository: of.repository, reference: tag });
    if (aside?.method === 'untagged') {
      if (head?.digest === digest) return `the tag ${tag} names it again`;
    } else if (head && head.digest !== digest) return `the tag ${tag} names another digest now`;
  }
  return undefined;
}

/** Leases and holds, on any part of it. */
export async function heldBy(
  { leases, clock }: Pick<SafetyPorts, 'leases' | 'clock'>,
  { of, graph }: DoomedDigests,
): Promise<string | undefined> {
  const doomed = new Set(graph.deletes);
  const now = clock.now().toISOString();
  for (const lease of await leases.leases(of)) {
    if (doomed.has(lease.digest) && lease.until > now) return `${lease.digest} is held: ${lease.reason}`;
  }
  for (const { digest, kind, name } of await leases.holds(of)) {
    if (doomed.has(digest)) return `${digest} is on hold (${kind}, ${name})`;
  }
  return undefined;
}

export async function pulledSince(
  { usage }: Pick<SafetyPorts, 'usage'>,
  { of, graph, since }: DoomedDigests & Pick<Doomed, 'since'>,
): Promise<string | undefined> {
  const pulls = await usage.pulls(of);
  for (const digest of graph.deletes) {
    const at = pulls?.last.get(digest);
    if (at !== undefined && at > since) return `${digest} was pulled at ${at}`;
  }
  return undefined;
}

async function namedBy({ catalog }: SafetyPorts, { of, graph, aside }: Doomed): Promise<string | undefined> {
  const doomed = new Set(graph.deletes);
  const own = new Set(aside?.method === 'untagged' ? [] : tagsOf(graph).map(({ tag }) => tag));
  for await (const { tag, digest } of catalog.tags(of)) {
    if (digest === undefined || !doomed.has(digest) || own.has(tag)) continue;
    if (subjectOfTag(tag) === undefined && !isQuarantineTag(tag, digest))
      return `the tag ${tag} names a part of it now`;
  }
  return undefined;
}

async function listedBy({ catalog }: SafetyPorts, { of, graph }: Doomed): Promise<string | undefined> {
  const doomed = new Set(graph.deletes);
  for (const digest of graph.deletes) {
    const parents = await catalog.parentsOf({ ...of, digest });
    const parent = parents.find((candidate) => !doomed.has(candidate));
    if (parent !== undefined) return `${digest} is a child of ${parent}, which stays`;
  }
  return undefined;
}

async function waitingReplica(ports: SafetyPorts, { of, graph: { root } }: Doomed): Promise<string | undefined> {
  if (!ports.replicated(of)) return undefined;
  const at = { ...of, digest: root };
  const entry = await ports.catalog.find(at);
  const waits = entry && missingStage(entry, await ports.ledger.list(locationKey(at)), true) === 'replicate';
  return waits ? `${root} has still to be copied` : undefined;
}

/** Referrers that were attached after the plan: their subject goes, so they go with it. */
export async function lateReferrers(
  { registry }: Pick<SafetyPorts, 'registry'>,
  { of, graph }: DoomedDigests,
): Promise<Digest[]> {
  const known = new Set(graph.deletes);
  const late: Digest[] = [];
  for (const digest of graph.deletes) {
    const { descriptors } = await registry.listReferrers({ repository: of.repository, digest }, { limit: 1_000 });
    for (const referrer of descriptors) {
      if (known.has(referrer.digest)) continue;
      known.add(referrer.digest);
      late.push(referrer.digest);
    }
  }
  return late;
}
