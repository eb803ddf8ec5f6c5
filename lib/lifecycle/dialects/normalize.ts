import type { Condition, RetentionRule } from '../config.ts';

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
