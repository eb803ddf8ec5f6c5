import type { Digest } from '../core/digest.ts';
import { describeError } from '../core/errors.ts';
import { locationKey } from '../core/image-reference.ts';
import { draftEvent, type EventDraft, releaseRequested, retentionWithheld } from '../events/index.ts';
import type { ImageCatalog } from '../inventory/index.ts';
import type { BlobPacker, Registry } from '../registry/index.ts';
import { archiveGraph } from './archive-graph.ts';
import { archiveInPlace } from './archive-in-place.ts';
import { type CatalogCheckPorts, watchCatalog } from './check-catalog.ts';
import type { RetentionConfig } from './config.ts';
import { type ExpirePorts, expireGraph } from './expire-graph.ts';
import type { ExpiringGraph, RetentionPlan } from './model.ts';
import type { CollectorLog, LeaseStore, QuarantineStore } from './ports.ts';
import { type QuarantinePorts, quarantineGraph } from './quarantine-graph.ts';
import { type ReleasePorts, releaseQuarantined } from './release-quarantined.ts';
import { silentCollector } from './silent-collector.ts';
import { untagImage } from './untag-image.ts';

export interface CarryOutPorts
  extends Omit<ExpirePorts & QuarantinePorts & ReleasePorts, 'registry' | 'catalog' | 'leases' | 'quarantine'> {
  readonly registry: Registry;
  readonly archive: Registry;
  readonly packer?: BlobPacker;
  readonly catalog: ImageCatalog;
  readonly leases: ExpirePorts['leases'] & Pick<LeaseStore, 'hold'>;
  readonly quarantine: QuarantineStore;
  readonly collectors: Pick<CollectorLog, 'lastReport'>;
}

/** One step of a plan. It is work of its own, so that a retry goes on where the last attempt stopped. */
export interface PlanStep {
  readonly subject: string;
  readonly stage: 'release' | 'untag' | 'quarantine' | 'expire';
  /** What is to be published, or why nothing was done. */
  perform(): Promise<{ readonly events: readonly EventDraft[]; readonly spared?: string }>;
}

/**
 * Does what a plan says, step by step: puts back, takes tags away, sets aside, deletes. Before each step that takes
 * something, it is asked whether all that the plan rests on is still there: what the catalogue knows, and who reports what
 * runs. Where that cannot be told, nothing more is taken.
 *
 * @returns the event that says why steps were left; undefined where none were
 */
export async function carryOutPlan(
  ports: CarryOutPorts,
  plan: RetentionPlan,
  document: { readonly key: string; readonly digest: Digest },
  config: Pick<RetentionConfig, 'collectors' | 'aws'>,
  run: (step: PlanStep) => Promise<void>,
): Promise<EventDraft | undefined> {
  for (const step of releases(ports, plan)) await run(step);
  const missing = watch({ ...ports, catalogChecks: ports }, plan, config);
  const steps = takings(ports, plan, document.digest);
  for (const [i, step] of steps.entries()) {
    const reason = await missing();
    if (reason !== undefined) {
      const { registry, repository } = plan;
      return draftEvent(retentionWithheld, { registry, repository, plan: document, reason, left: steps.length - i });
    }
    await run(step);
  }
  return undefined;
}

function watch(
  ports: Pick<CarryOutPorts, 'collectors' | 'clock'> & { readonly catalogChecks: CatalogCheckPorts },
  plan: RetentionPlan,
  config: Pick<RetentionConfig, 'collectors' | 'aws'>,
): () => Promise<string | undefined> {
  const unknown = watchCatalog({ ...ports.catalogChecks, clock: ports.clock }, plan);
  return async () => {
    const silent = await silentCollector(ports.collectors, config, ports.clock.now());
    if (silent !== undefined) return silent;
    try {
      const lacks = await unknown();
      return lacks && `catalogue and registry do not say the same: ${lacks}`;
    } catch (error) {
      return `the registry cannot tell what it holds: ${describeError(error)}`.slice(0, 500);
    }
  };
}

function* releases(ports: CarryOutPorts, plan: RetentionPlan): Generator<PlanStep> {
  for (const { root, why } of plan.release) {
    const at = { registry: plan.registry, repository: plan.repository, digest: root };
    yield {
      subject: locationKey(at),
      stage: 'release',
      perform: async () => {
        const aside = await ports.quarantine.quarantineOf(at);
        return { events: aside?.root === root ? await releaseQuarantined(ports, at, aside, why) : [] };
      },
    };
  }
}

function takings(ports: CarryOutPorts, plan: RetentionPlan, digest: Digest): readonly PlanStep[] {
  const { plannedAt, quarantineDays } = plan;
  const reference = { digest, plannedAt, quarantineDays };
  const keyOf = (root: Digest): string => locationKey({ ...plan, digest: root });
  const untag = plan.untag.map(
    (tag): PlanStep => ({
      subject: `${keyOf(tag.digest)} ${tag.tag}`,
      stage: 'untag',
      perform: async () => told(await untagImage(ports, plan, tag, digest)),
    }),
  );
  const setAside = ({ action }: ExpiringGraph): boolean =>
    action !== 'ecr-archive' && (quarantineDays > 0 || action === 'quarantine');
  const expire = plan.expire.map(
    (graph): PlanStep => ({
      subject: keyOf(graph.root),
      stage: setAside(graph) ? 'quarantine' : 'expire',
      perform: async () =>
        setAside(graph)
          ? told(await quarantineGraph(ports, plan, graph, reference))
          : await remove(ports, plan, graph, reference, false),
    }),
  );
  const due = plan.due.map(
    (graph): PlanStep => ({
      subject: keyOf(graph.root),
      stage: 'expire',
      perform: () => remove(ports, plan, graph, reference, true),
    }),
  );
  return [...untag, ...expire, ...due];
}

type Outcome = { readonly kind: 'spared'; readonly why: string } | { readonly events: readonly EventDraft[] };
const told = (outcome: Outcome) =>
  'why' in outcome ? { events: [], spared: outcome.why } : { events: outcome.events };

async function remove(
  ports: CarryOutPorts,
  plan: RetentionPlan,
  graph: ExpiringGraph,
  reference: { readonly digest: Digest; readonly plannedAt: string },
  setAside: boolean,
): ReturnType<PlanStep['perform']> {
  if (graph.action === 'ecr-archive') return told(await archiveInPlace(ports, plan, graph, reference));
  if (graph.action === 'archive') {
    const archived = await archiveGraph(ports, plan, graph);
    if (archived.kind === 'incomplete') return { events: [], spared: `it cannot be archived, ${archived.why}` };
    const { registry, repository } = plan;
    const archivedAt = ports.clock.now().toISOString();
    for (const digest of graph.deletes) await ports.catalog.markArchived({ registry, repository, digest }, archivedAt);
  }
  const outcome = await expireGraph(ports, plan, graph, reference, { setAside });
  if (outcome.kind !== 'spared' || !setAside) return told(outcome);
  // What is used while it is set aside is put back by itself, also where nobody heard of its use in time.
  const { registry, repository } = plan;
  const subject = { registry, repository, digest: graph.root };
  const aside = await ports.quarantine.quarantineOf(subject);
  const asks = aside?.root === graph.root ? [draftEvent(releaseRequested, { subject, reason: outcome.why })] : [];
  return { events: asks, spared: outcome.why };
}
