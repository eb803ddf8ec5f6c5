import type { Condition, Rule } from './compile.ts';
import { createFieldTree, type FieldTree, type Position } from './field-tree.ts';
import type { Field, Fields } from './flatten.ts';
import type { Work } from './work.ts';

type Outcome = 'match' | 'no-match' | 'limit-exceeded';

const NOWHERE: Position = new Map();

/**
 * Whether one value per condition can be chosen so that all values agree on the element of every array they share
 * (Ruler's "array consistency"). Conditions are tried in the order of their paths, as Ruler does: `exists: false`
 * asks for absence only within the elements that were chosen before it.
 */
export function matchRule(rule: Rule, fields: Fields, work: Work): Outcome {
  if (isFlat(rule, fields)) return matchFlat(rule, fields, work);
  const lastUse = lastUseOfArrays(rule, fields, work);
  if (lastUse === undefined) return 'limit-exceeded';
  const steps = rule.map((condition) => createStep(condition, fields.get(condition.path) ?? [], work));
  const seen = new Set<string>();
  const stack: { readonly at: number; readonly position: Position }[] = [{ at: 0, position: NOWHERE }];
  for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
    const { at, position } = state;
    if (at === steps.length) return 'match';
    const next = (steps[at] as Step).choices(position);
    if (next === undefined) return 'limit-exceeded';
    for (const chosen of next) {
      // Arrays that no later condition looks into no longer matter; forgetting them keeps independent arrays from
      // multiplying into one another.
      const kept = keepUseful(chosen, at + 1, lastUse);
      const key = `${at + 1}|${[...kept].map((entry) => entry.join(':')).join(',')}`;
      if (!work.spend(1 + kept.size)) return 'limit-exceeded';
      if (!seen.has(key)) {
        seen.add(key);
        stack.push({ at: at + 1, position: kept });
      }
    }
  }
  return 'no-match';
}

interface Step {
  /** The positions that a value of this condition (or its lawful absence) leads to; `undefined` out of work. */
  choices(position: Position): readonly Position[] | undefined;
}

function createStep(condition: Condition, all: readonly Field[], work: Work): Step {
  let every: FieldTree | undefined;
  let accepted: FieldTree | undefined;
  return {
    choices: (position) => {
      let isAbsent = false;
      if (condition.absent) {
        every ??= createFieldTree(all, work);
        const present = every?.reach(position, 1);
        if (present === undefined) return undefined;
        isAbsent = present.length === 0;
      }
      accepted ??= createFieldTree(
        all.filter(({ value }) => condition.accepts(value)),
        work,
      );
      const reached = accepted?.reach(position);
      return reached !== undefined && isAbsent ? [...reached, position] : reached;
    },
  };
}

/** The common case: no array of objects is involved, so conditions are independent of each other. */
const isFlat = (rule: Rule, fields: Fields): boolean =>
  rule.every(({ path }) => fields.get(path)?.every(({ membership }) => membership === undefined) ?? true);

function matchFlat(rule: Rule, fields: Fields, work: Work): Outcome {
  for (const condition of rule) {
    const values = fields.get(condition.path) ?? [];
    if (!work.spend(1 + values.length)) return 'limit-exceeded';
    const holds = values.length === 0 ? condition.absent : values.some(({ value }) => condition.accepts(value));
    if (!holds) return 'no-match';
  }
  return 'match';
}

/** For every array: the last condition whose field has values inside it. */
function lastUseOfArrays(rule: Rule, fields: Fields, work: Work): ReadonlyMap<number, number> | undefined {
  const last = new Map<number, number>();
  for (const [at, { path }] of rule.entries()) {
    for (const { membership } of fields.get(path) ?? []) {
      for (let m = membership; m !== undefined && last.get(m.array) !== at; m = m.outer) {
        if (!work.spend(1)) return undefined;
        last.set(m.array, at);
      }
    }
  }
  return last;
}

function keepUseful(position: Position, from: number, lastUse: ReadonlyMap<number, number>): Position {
  const useful = [...position].filter(([array]) => (lastUse.get(array) ?? -1) >= from);
  if (useful.length === 0) return NOWHERE;
  return new Map(useful.sort(([a], [b]) => a - b));
}
