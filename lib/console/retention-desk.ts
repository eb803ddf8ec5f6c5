import type { Clock } from '../core/clock.ts';
import { type DocumentStore, loadJson } from '../documents/index.ts';
import type { EventPublisher } from '../events/index.ts';
import {
  diffPlans,
  type HoldStore,
  type LeaseStore,
  type PlanDifference,
  type PlanLog,
  type QuarantineStore,
  type Replay,
  type ReportPorts,
  type RestoreAnswer,
  type RetentionConfig,
  type RetentionPlan,
  retentionPlanSchema,
} from '../lifecycle/index.ts';

/** What people and collectors say of what is kept, and what they ask of it. */
export interface RetentionDesk {
  readonly store: LeaseStore &
    HoldStore &
    QuarantineStore &
    ReportPorts['usage'] &
    ReportPorts['collectors'] &
    Pick<PlanLog, 'last'>;
  /** Plans of before. */
  readonly documents: DocumentStore;
  readonly publisher: EventPublisher;
  readonly clock: Clock;
  /** What becomes of a pull of something that its registry lacks. */
  restore(
    asked: { readonly registry: string; readonly repository: string; readonly reference: string },
    by: string,
  ): Promise<RestoreAnswer>;
  /** What the deployed rules, or the given ones, would have done in the past so many days, for each registry. */
  replay(config: RetentionConfig | undefined, days: number): Promise<readonly Replay[]>;
}

/** What changed since the last plan that was made; undefined where none was, or it is kept no longer. */
export async function sinceLastPlan(
  { store, documents }: Pick<RetentionDesk, 'store' | 'documents'>,
  plan: RetentionPlan,
): Promise<PlanDifference | undefined> {
  const last = await store.last(plan);
  const before = last && (await loadJson(documents, last.key, retentionPlanSchema));
  return before && diffPlans(before, plan);
}
