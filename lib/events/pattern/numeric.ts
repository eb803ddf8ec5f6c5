import type { Leaf } from './flatten.ts';

type Fail = (why: string) => never;

const COMPARE: ReadonlyMap<unknown, (value: number, bound: number) => boolean> = new Map([
  ['=', (value: number, bound: number) => value === bound],
  ['<', (value: number, bound: number) => value < bound],
  ['<=', (value: number, bound: number) => value <= bound],
  ['>', (value: number, bound: number) => value > bound],
  ['>=', (value: number, bound: number) => value >= bound],
]);

/** `["=", 5]`, `["<", 5]`, `[">", 0, "<=", 5]`: one comparison, or a lower bound followed by an upper one. */
export function compileNumeric(operand: unknown, fail: Fail): (value: Leaf) => boolean {
  if (!Array.isArray(operand)) return fail('numeric must be a list such as [">", 0, "<=", 5]');
  const parts: readonly unknown[] = operand;
  const first = readComparison(parts[0], parts[1], fail);
  if (parts.length === 2) return (value) => typeof value === 'number' && Number.isFinite(value) && first.holds(value);
  const second = readComparison(parts[2], parts[3], fail);
  const isRange = parts.length === 4 && isLower(parts[0]) && isUpper(parts[2]);
  if (!isRange) return fail('a numeric range is a lower bound followed by an upper bound, nothing else');
  if (first.bound >= second.bound) return fail('the lower bound of a numeric range must be below the upper one');
  return (value) => typeof value === 'number' && first.holds(value) && second.holds(value);
}

const isLower = (operator: unknown): boolean => operator === '>' || operator === '>=';
const isUpper = (operator: unknown): boolean => operator === '<' || operator === '<=';

function readComparison(operator: unknown, bound: unknown, fail: Fail): { bound: number; holds(v: number): boolean } {
  const compare = COMPARE.get(operator);
  if (compare === undefined) return fail('a numeric comparison is one of = < <= > >=');
  if (typeof bound !== 'number' || !Number.isFinite(bound))
    return fail(`the value of ${String(operator)} must be a number`);
  return { bound, holds: (value) => compare(value, bound) };
}
