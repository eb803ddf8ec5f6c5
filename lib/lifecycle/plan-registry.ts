import type { Clock } from '../core/clock.ts';
import { mapLimit } from '../core/concurrency.ts';
import type { Digest } from '../core/digest.ts';
import type { ImageLocation } from '../core/image-reference.ts';
import { type DocumentStore, saveJson } from '../documents/index.ts';
import { draftEvent, type EventDraft, retentionPlanned, retentionWithheld } from '../events/index.ts';
import {
  type CatalogReader,
  type CompactRepository,
  DigestNumbers,
  type RepositoryName,
  readRepository,
} from '../inventory/index.ts';
import { indexBases } from './base-images.ts';
import { withinRunBudget } from './budgets.ts';
import type { RetentionConfig } from './config.ts';
import { BlobHolders, marksFor } from './freed-bytes.ts';
import type { ExpiringGraph, Judgement, RetentionPlan } from './model.ts';
import { planRepository } from './plan-retention.ts';
import { policyFor } from './policy/policy-for.ts';
import type { CollectorLog, HoldStore, Judgements, LeaseStore, PlanLog, QuarantineStore, UsageStore } from './ports.ts';
import { silentCollector } from './silent-collector.ts';
import type { ArchivePrices } from './weigh-archive.ts';

export interface PlanPorts {
  readonly catalog: CatalogReader;
  /**
   * Reads what a repository holds.
   *
   * @default all of it, from the catalogue
   */
  readonly read?: (of: RepositoryName, digests: DigestNumbers) => Promise<CompactRepository>;
  readonly leases: Pick<LeaseStore, 'leases'> & Pick<HoldStore, 'holds'>;
  readonly usage: Pick<UsageStore, 'pulls' | 'uses'>;
  readonly quarantine: Pick<QuarantineStore, 'quarantined' | 'restoredTags'>;
  readonly collectors: Pick<CollectorLog, 'lastReport'>;
  readonly judgements: Judgements;
  readonly clock: Clock;
  /**
   * Whether the registry keeps a blob once for all its repositories. Where it keeps one in each, deleting frees it in each.
   *
   * @default it does
   */
  readonly sharesBlobs?: (registry: string) => boolean;
  /** What is archived is weighed against what is kept, where prices are known. */
  readonly archivePrices?: (registry: string) => ArchivePrices;
}

export const PLAN_PREFIX = 'plans';

/**
 * Plans every repository of a registry. Storage is shared between them, so freed bytes need all of them at once.
 *
 * @param withheld why the policy of a repository may not act, besides what the plan itself finds
 */
export async function planRegistry(
  ports: PlanPorts,
  registry: string,
  config: RetentionConfig,
  withheld: (policy: string) => string | undefined = () => undefined,
): Promise<readonly RetentionPlan[]> {
  const digests = new DigestNumbers();
  const { read = (of) => readRepository(ports.catalog, of, digests) } = ports;
  const repositories: CompactRepository[] = [];
  for await (const of of ports.catalog.repositories()) {
    if (of.registry === registry) repositories.push(await read(of, digests));
  }
  const isShared = repositories.length > 1 && (ports.sharesBlobs?.(registry) ?? true);
  const holders = isShared ? new BlobHolders(digests, repositories) : undefined;
  const dependentOf = config.keepBases ? indexBases(repositories) : undefined;
  const marks = marksFor(digests);
  const silent = await silentCollector(ports.collectors, config, ports.clock.now());
  const now = ports.clock.now();
  const plans: RetentionPlan[] = [];
  for (const [i, repository] of repositories.entries()) {
    const { of } = repository;
    const [leases, holds, pulls, uses, quarantined, restored] = await Promise.all([
      ports.leases.leases(of),
      ports.leases.holds(of),
      ports.usage.pulls(of),
      ports.usage.uses(of),
      ports.quarantine.quarantined(of),
      ports.quarantine.restoredTags(of),
    ]);
    const policy = policyFor(config, of.repository);
    const judgements = await judgementsFor(ports.judgements, config, repository);
    plans.push(
      planRepository({
        ...{ repository, marks, leases, holds, pulls, uses, quarantined, restored, judgements, config, now },
        heldElsewhere: (blob) => holders?.isElsewhere(blob, i) ?? false,
        dependentOf: dependentOf && ((row) => dependentOf(repository, row)),
        withheld: silent ?? withheld(policy.name),
        archivePrices: ports.archivePrices?.(registry),
      }),
    );
  }
  return withinRunBudget(holders ? withSharedBytes(plans, holders, marks) : plans, config);
}

/** Adds what several plans free together, and none of them alone, to the last of them. */
function withSharedBytes(
  plans: readonly RetentionPlan[],
  holders: BlobHolders,
  marks: Uint8Array,
): readonly RetentionPlan[] {
  // A plan that is not carried out gives nothing up.
  const together = (lot: (plan: RetentionPlan) => readonly ExpiringGraph[]) =>
    holders.freedTogether(
      plans.map((plan) => (plan.refused === undefined ? lot(plan).flatMap(({ deletes }) => deletes) : [])),
      marks,
    );
  const freed = together(({ expire }) => expire.filter(({ action }) => action !== 'ecr-archive'));
  const due = together((plan) => plan.due);
  return plans.map((plan, i) => ({
    ...plan,
    freedBytes: plan.freedBytes + (freed[i] as number),
    dueBytes: plan.dueBytes + (due[i] as number),
  }));
}

const AT_ONCE = 16;
const none: ReadonlyMap<Digest, Judgement> = new Map();

/** One question for each image, so only where a rule wants to know. */
async function judgementsFor(
  judgements: Judgements,
  config: RetentionConfig,
  repository: CompactRepository,
): Promise<ReadonlyMap<Digest, Judgement>> {
  const isAsked = policyFor(config, repository.of.repository).rules.some(
    ({ select }) => select.verdicts !== undefined || select.severityAtLeast !== undefined,
  );
  if (!isAsked) return none;
  const images: ImageLocation[] = [];
  for (let row = 0; row < repository.size; row++) {
    const artifactClass = repository.textOf(repository.artifactClass[row]);
    if (artifactClass === 'image' || artifactClass === 'index')
      images.push({ ...repository.of, digest: repository.digestAt(row) });
  }
  const told = await mapLimit(images, AT_ONCE, async (at) => [at.digest, await judgements.of(at)] as const);
  return new Map(told);
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
    const toDo = plan.expire.length + plan.due.length + plan.release.length + plan.untag.length;
    drafts.push(
      draftEvent(retentionPlanned, {
        registry,
        repository,
        plan: document,
        // A plan that may not act is shown like a dry run: nobody does.
        dryRun: plan.dryRun || plan.refused !== undefined,
        keep: plan.keep.length,
        expire: plan.expire.length,
        freedBytes: plan.freedBytes,
        due: plan.due.length,
        toDo,
        ...(plan.refused === undefined ? {} : { refused: plan.refused }),
      }),
    );
    // What would be done and is not is news; a dry run is as it was meant.
    if (plan.refused !== undefined && !plan.dryRun && toDo > 0) {
      const reason = plan.refused;
      drafts.push(draftEvent(retentionWithheld, { registry, repository, plan: document, reason, left: toDo }));
    }
  }
  return drafts;
}
