import type { RetentionConfig, RetentionPolicy } from './config.ts';
import type { RetentionPlan } from './model.ts';

/** Why a plan is shown and not carried out: a budget is exceeded, or it is not the time for it. */
export function whyNot({
  policy,
  config,
  now,
  entries,
  deletes,
}: {
  readonly policy: RetentionPolicy;
  readonly config: RetentionConfig;
  readonly now: Date;
  readonly entries: number;
  readonly deletes: number;
}): string | undefined {
  const most = policy.maxDeleted ?? config.maxDeleted;
  const mostShare = policy.maxDeletedShare ?? config.maxDeletedShare;
  const share = entries === 0 ? 0 : deletes / entries;
  if (deletes > most) return `the plan would delete ${deletes} manifests, over the budget of ${most}`;
  if (share > mostShare) {
    return `the plan would delete ${Math.round(share * 100)} % of the repository, over the budget of ${Math.round(mostShare * 100)} %`;
  }
  return deletes === 0 ? undefined : outsideSchedule(policy.schedule, now);
}

const names = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;

function outsideSchedule(schedule: RetentionPolicy['schedule'], now: Date): string | undefined {
  const today = names[now.getUTCDay()];
  if (schedule?.weekdays && !schedule.weekdays.some((one) => one === today)) {
    return `the policy acts on ${schedule.weekdays.join(', ')} only`;
  }
  if (!schedule?.hours) return undefined;
  const [from, until] = schedule.hours;
  const hour = now.getUTCHours();
  const isWithin = from < until ? hour >= from && hour < until : hour >= from || hour < until;
  return isWithin ? undefined : `the policy acts from ${from} until ${until} o'clock UTC only`;
}

/** What all repositories together would delete, against the budget of a run: over it, none of the plans is carried out. */
export function withinRunBudget(plans: readonly RetentionPlan[], config: RetentionConfig): readonly RetentionPlan[] {
  const active = plans.filter(({ refused }) => refused === undefined);
  const deleted = active.reduce(
    (sum, { expire, due }) => sum + [...expire, ...due].reduce((n, { deletes }) => n + deletes.length, 0),
    0,
  );
  const bytes = active.reduce((sum, { freedBytes, dueBytes }) => sum + freedBytes + dueBytes, 0);
  const refused =
    deleted > config.maxDeletedPerRun
      ? `the run would delete ${deleted} manifests, over the budget of ${config.maxDeletedPerRun}`
      : bytes > (config.maxFreedBytesPerRun ?? Number.POSITIVE_INFINITY)
        ? `the run would free ${bytes} bytes, over the budget of ${config.maxFreedBytesPerRun}`
        : undefined;
  if (refused === undefined) return plans;
  return plans.map((plan) => (plan.refused === undefined ? { ...plan, refused } : plan));
}
