import { compileSelector } from '../../selection/index.ts';
import { findingSeverities, type RetentionPolicy, type RetentionRule } from '../config.ts';
import { type Answer, compileCondition } from './conditions.ts';
import type { Unit } from './unit.ts';

export interface UnitVerdict<U extends Unit = Unit> {
  readonly unit: U;
  readonly action: RetentionRule['action'] | 'ecr-archive';
  /** The rule that took it; absent for what no rule took. */
  readonly rule?: string;
  readonly why: string;
}

/**
 * Decides on the units of one repository. The first rule that takes a unit decides; what a rule counts is all that it
 * selects, whatever the other rules do with it, so that the order of evaluation changes nothing.
 *
 * Where something is not known (no word of pulls from this registry, no creation date), the unit is kept: a rule that
 * keeps takes it, a rule that removes lets the unit be and no later rule may remove it either.
 */
export function evaluatePolicy<U extends Unit>(
  policy: RetentionPolicy,
  units: readonly U[],
  now: number,
): readonly UnitVerdict<U>[] {
  const rules = policy.rules.map((rule) => compileRule(rule, units, now));
  return units.map((unit) => {
    for (const rule of rules) {
      const verdict = rule(unit);
      if (verdict) return verdict;
    }
    return { unit, action: policy.otherwise, why: 'no rule takes it' };
  });
}

function compileRule<U extends Unit>(
  rule: RetentionRule,
  units: readonly U[],
  now: number,
): (unit: U) => UnitVerdict<U> | undefined {
  const { verdicts, severityAtLeast, ...content } = rule.select;
  const isContent = compileSelector(content);
  const isJudged = compileJudgement({ verdicts, severityAtLeast });
  const isSelected = (unit: Unit): boolean => isContent(unit) && isJudged(unit);
  const selected = units.filter(isSelected);
  const members = new Set(selected);
  const conditions = rule.when.map((condition) => compileCondition(condition, selected, now));
  const { name } = rule;
  const action = rule.storageClass ?? rule.action;
  return (unit) => {
    if (!members.has(unit)) return undefined;
    const answer = anyOf(conditions, unit);
    const why = answer.why === '' ? `rule "${name}"` : `rule "${name}": ${answer.why}`;
    if (answer.holds === 'yes') return { unit, action, rule: name, why };
    if (answer.holds === 'unknown') return { unit, action: 'keep', rule: name, why };
    return undefined;
  };
}

function anyOf(conditions: readonly ((unit: Unit) => Answer)[], unit: Unit): Answer {
  if (conditions.length === 0) return { holds: 'yes', why: '' };
  let unsure: Answer | undefined;
  for (const condition of conditions) {
    const answer = condition(unit);
    if (answer.holds === 'yes') return answer;
    if (answer.holds === 'unknown') unsure ??= answer;
  }
  return unsure ?? { holds: 'no', why: '' };
}

function compileJudgement({
  verdicts,
  severityAtLeast,
}: Pick<RetentionRule['select'], 'verdicts' | 'severityAtLeast'>): (unit: Unit) => boolean {
  const wanted = verdicts && new Set<string>(verdicts);
  const severities: readonly string[] = findingSeverities;
  const least = severityAtLeast === undefined ? undefined : severities.indexOf(severityAtLeast);
  return ({ verdict, severity }) => {
    if (wanted && !wanted.has(verdict ?? 'none')) return false;
    if (least === undefined) return true;
    const rank = severity === undefined ? -1 : severities.indexOf(severity);
    return rank >= 0 && rank <= least;
  };
}
