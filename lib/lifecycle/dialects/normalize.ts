import type { Condition, RetentionPolicy, RetentionRule } from '../config.ts';
import type { Dialect } from './model.ts';

/**
 * Rules for languages whose rules delete: "keep S while C, expire the rest of S" becomes "expire S while not C, keep
 * the rest of S", which takes the same things.
 */
export function deletions(rules: readonly RetentionRule[]): readonly RetentionRule[] {
  const out: RetentionRule[] = [];
  for (let i = 0; i < rules.length; i++) {
    const rule = rules[i] as RetentionRule;
    const next = rules[i + 1];
    const inverse = next && isPair(rule, next) ? invert(rule.when) : undefined;
    if (!inverse) {
      out.push(rule);
      continue;
    }
    out.push({ ...rule, when: [inverse], action: 'expire' }, { ...rule, when: [], action: 'keep' });
    i++;
  }
  return out;
}

const isPair = (first: RetentionRule, second: RetentionRule): boolean =>
  first.action === 'keep' &&
  first.when.length > 0 &&
  second.action === 'expire' &&
  second.when.length === 0 &&
  JSON.stringify([first.select, first.repositories, first.otherRepositories]) ===
    JSON.stringify([second.select, second.repositories, second.otherRepositories]);

/** Not (A or B) is not A and not B; undefined where one condition would have to hold twice over. */
function invert(when: readonly Condition[]): Condition | undefined {
  const out: { -readonly [K in keyof Condition]: Condition[K] } = {};
  for (const condition of when) {
    const parts = Object.entries(condition).filter(([, value]) => value !== undefined);
    if (parts.length !== 1) return undefined;
    if (condition.newest && !out.beyondNewest) out.beyondNewest = condition.newest;
    else if (condition.beyondNewest && !out.newest) out.newest = condition.beyondNewest;
    else if (condition.youngerThan && !out.olderThan) out.olderThan = condition.youngerThan;
    else if (condition.olderThan && !out.youngerThan) out.youngerThan = condition.olderThan;
    else return undefined;
  }
  return out;
}

/** Leaves out, and names, what no other language has words for, and puts rules in the order of their priorities. */
export const sayable = ({ read, write }: Dialect): Dialect => ({
  read,
  write(policy) {
    const losses: string[] = [];
    const rules = policy.rules
      .toSorted((a, b) => (a.priority ?? 0) - (b.priority ?? 0))
      .filter((rule) => {
        const why = unsayable(rule);
        if (why !== undefined) losses.push(`rule "${rule.name}" ${why}, which is known here alone`);
        return why === undefined;
      });
    for (const [name, what] of Object.entries(onlyOurs)) {
      if (policy[name as keyof typeof onlyOurs] !== undefined) losses.push(`${what} of the policy is known here alone`);
    }
    const written = write({ ...policy, rules });
    return { ...written, losses: [...losses, ...written.losses] };
  },
});

const onlyOurs = {
  schedule: 'the schedule',
  regretBudget: 'the budget of regret',
  quarantineDays: 'the quarantine',
  maxDeleted: 'the budget of deletions',
  maxDeletedShare: 'the budget of deletions',
} as const satisfies Partial<Record<keyof RetentionPolicy, string>>;

function unsayable({ action, select, when }: RetentionRule): string | undefined {
  if (action === 'untag' || action === 'quarantine') return `has the action "${action}"`;
  if (select.verdicts) return 'selects by verdict';
  if (select.severityAtLeast) return 'selects by severity';
  const ages = when.flatMap(({ olderThan, youngerThan }) => [olderThan, youngerThan]);
  const since = ages.find((age) => age?.since === 'used' || age?.since === 'superseded')?.since;
  return since && `goes by when it was ${since}`;
}
