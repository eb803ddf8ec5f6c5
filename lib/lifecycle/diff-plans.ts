import type { Digest } from '../core/digest.ts';
import type { RetentionPlan } from './model.ts';

interface PlannedGraph {
  readonly root: Digest;
  readonly tags: readonly string[];
  readonly why: string;
}

export interface PlanDifference {
  /** When the plan was made that it is compared with. */
  readonly since: string;
  /** What goes now and did not then. */
  readonly appeared: readonly PlannedGraph[];
  /** What went then and does not now: it is gone, set aside, or held. */
  readonly disappeared: readonly PlannedGraph[];
}

/** What changed since the last plan of the repository. */
export function diffPlans(before: RetentionPlan, after: RetentionPlan): PlanDifference {
  const graphs = (plan: RetentionPlan) => [...plan.expire, ...plan.due];
  const without = (these: RetentionPlan, those: RetentionPlan): PlannedGraph[] => {
    const known = new Set(graphs(those).map(({ root }) => root));
    return graphs(these).flatMap(({ root, tags, why }) => (known.has(root) ? [] : [{ root, tags, why }]));
  };
  return { since: before.plannedAt, appeared: without(after, before), disappeared: without(before, after) };
}
