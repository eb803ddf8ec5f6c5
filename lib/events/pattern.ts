import { LadingError } from '../core/errors.ts';
import { compileRules, type Rule } from './pattern/compile.ts';
import { flattenEvent } from './pattern/flatten.ts';
import { matchRule } from './pattern/match-rule.ts';
import { createWork, WORK_LIMIT } from './pattern/work.ts';

/** `limit-exceeded`: the event is so large or so contrived that the question was not answered. It is never a match. */
export type PatternVerdict = 'match' | 'no-match' | 'limit-exceeded';

export interface CompiledPattern {
  /** Whether the event matches; `false` also where `evaluate` says `limit-exceeded`. Never throws. */
  matches(event: unknown): boolean;
  evaluate(event: unknown): PatternVerdict;
}

/**
 * Compiles an EventBridge event pattern (Amazon EventBridge User Guide, "Creating Amazon EventBridge event patterns"):
 * exact values, `prefix`, `suffix`, `equals-ignore-case`, `wildcard`, `numeric`, `cidr`, `exists`, `anything-but` and
 * `$or`. Where the guide is silent the behaviour is that of aws/event-ruler 2.0.1, the matcher that EventBridge is
 * built on, array consistency included: conditions on elements of one array must hold for one and the same element.
 *
 * Events are values as `JSON.parse` gives them, so two numbers that differ only beyond a double's precision are equal.
 *
 * @throws LadingError `pattern-invalid`, naming the path in the pattern and what is wrong there
 */
export function compilePattern(pattern: unknown): CompiledPattern {
  const rules = compileRules(pattern);
  const prefixes = pathPrefixes(rules);
  const evaluate = (event: unknown): PatternVerdict => {
    if (event === null || typeof event !== 'object' || Array.isArray(event)) return 'no-match';
    const work = createWork(WORK_LIMIT);
    const fields = flattenEvent(event, prefixes, work);
    if (fields === undefined) return 'limit-exceeded';
    let exceeded = false;
    for (const rule of rules) {
      const verdict = matchRule(rule, fields, work);
      if (verdict === 'match') return 'match';
      exceeded ||= verdict === 'limit-exceeded';
    }
    return exceeded ? 'limit-exceeded' : 'no-match';
  };
  return { evaluate, matches: (event) => evaluate(event) === 'match' };
}

/** The pattern's fault as a sentence, or `undefined` where it compiles. */
export function patternProblem(pattern: unknown): string | undefined {
  try {
    compileRules(pattern);
    return undefined;
  } catch (error) {
    if (error instanceof LadingError) return error.message;
    throw error;
  }
}

/** Every path of the rules and every part of one that ends before a dot: what of an event is worth walking into. */
function pathPrefixes(rules: readonly Rule[]): ReadonlySet<string> {
  const prefixes = new Set<string>();
  for (const { path } of rules.flat()) {
    prefixes.add(path);
    for (let dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) prefixes.add(path.slice(0, dot));
  }
  return prefixes;
}
