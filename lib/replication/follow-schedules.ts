import type { ReplicationConfig, ReplicationRule } from './config.ts';
import type { ReplicaState } from './replica-state.ts';
import { parseRuleSchedule } from './rule-schedule.ts';

export interface FollowedSchedules {
  /** Whether a rule's schedule was due since it was last followed; always, for a rule without one. */
  isDue(rule: ReplicationRule): boolean;
  /**
   * For the next sweep.
   *
   * @param all false where not all that was missing could be asked for: what is due then stays due
   */
  next(all: boolean): NonNullable<ReplicaState['followed']> | undefined;
}

/** Where the rules with a schedule of their own stand at one target. One that is new is due from its next time on. */
export function followSchedules(
  { rules }: ReplicationConfig,
  before: Pick<ReplicaState, 'followed' | 'rules'> | undefined,
  names: readonly string[],
  now: Date,
): FollowedSchedules {
  const last = new Map<string, string>();
  for (const { name, schedule } of rules) {
    const at = schedule !== undefined && names.includes(name) ? parseRuleSchedule(schedule)?.lastDue(now) : undefined;
    if (at) last.set(name, at.toISOString());
  }
  const followed = before?.followed ?? {};
  const isDue = (rule: string): boolean => {
    const through = Object.hasOwn(followed, rule) ? followed[rule] : undefined;
    const at = last.get(rule);
    return through !== undefined && at !== undefined && at > through;
  };
  return {
    isDue: (rule) => rule.schedule === undefined || isDue(rule.name),
    next(all) {
      const kept = [...last].map(([rule, at]) => [rule, all || !isDue(rule) ? at : (followed[rule] ?? at)] as const);
      return kept.length === 0 ? undefined : Object.fromEntries(kept);
    },
  };
}
