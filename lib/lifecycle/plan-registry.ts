import type { Clock } from '../core/clock.ts';
import type { Digest } from '../core/digest.ts';
import { groupBy } from '../core/group-by.ts';
import { type DocumentStore, saveJson } from '../documents/index.ts';
import { draftEvent, type EventDraft, retentionPlanned } from '../events/index.ts';
import type { CatalogEntry, CatalogReader, RepositoryName, TagBinding } from '../inventory/index.ts';
import type { RetentionConfig } from './config.ts';
import type { RetentionPlan } from './model.ts';
import { blobsOfEntry, planRetention } from './plan-retention.ts';
import type { LeaseStore, PlanLog, UsageStore } from './ports.ts';

export interface PlanPorts {
  readonly catalog: CatalogReader;
  readonly leases: Pick<LeaseStore, 'leases'>;
  readonly usage: Pick<UsageStore, 'pulls'>;
  readonly clock: Clock;
}

export const PLAN_PREFIX = 'plans';

/** Plans every repository of a registry. Storage is shared between them, so freed bytes need all of them at once. */
export async function planRegistry(
  ports: PlanPorts,
  registry: string,
  config: RetentionConfig,
): Promise<readonly RetentionPlan[]> {
  const repositories: { of: RepositoryName; entries: CatalogEntry[]; tags: TagBinding[] }[] = [];
  for await (const of of ports.catalog.repositories()) {
    if (of.registry !== registry) continue;
    const entries = await Array.fromAsync(ports.catalog.entries(of));
    repositories.push({ of, entries, tags: await Array.fromAsync(ports.catalog.tags(of)) });
  }
  const holders = groupBy(
    repositories.flatMap(({ of, entries }) =>
      entries.flatMap((entry) => blobsOfEntry(entry).map(([blob]) => ({ blob, of }))),
    ),
    (held) => held.blob,
    (held) => held.of,
  );
  const now = ports.clock.now();
  const plans: RetentionPlan[] = [];
  for (const { of, entries, tags } of repositories) {
    const leases = await ports.leases.leases(of);
    const pulls = await ports.usage.pulls(of);
    const heldElsewhere = (blob: Digest): boolean => (holders.get(blob) ?? []).some((holder) => holder !== of);
    plans.push(planRetention({ of, entries, tags, leases, pulls, heldElsewhere, config, now }));
  }
  return plans;
}

/** Keeps the plans as documents and announces those that have something to say. */
export async function recordPlans(
  ports: { readonly documents: DocumentStore; readonly plans: PlanLog },
  made: readonly RetentionPlan[],
): Promise<readonly EventDraft[]> {
  const drafts: EventDraft[] = [];
  for (const plan of made) {
    const { registry, repository } = plan;
    const document = await saveJson(ports.documents, PLAN_PREFIX, plan);
    await ports.plans.record(plan, { key: document.key, plannedAt: plan.plannedAt, expire: plan.expire.length });
    drafts.push(
      draftEvent(retentionPlanned, {
        registry,
        repository,
        plan: document,
        // A plan over its budget is shown like a dry run: nobody acts on it.
        dryRun: plan.dryRun || plan.refused !== undefined,
        keep: plan.keep.length,
        expire: plan.expire.length,
        freedBytes: plan.freedBytes,
      }),
    );
  }
  return drafts;
}
