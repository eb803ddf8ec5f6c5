import type { Leaf } from './flatten.ts';
import {
  equalsIgnoringCase,
  type FoldedText,
  foldCase,
  prefixIgnoringCase,
  suffixIgnoringCase,
} from './ignore-case.ts';
import { parseIpAddress, parseIpBlock } from './ip-address.ts';
import { compileNumeric } from './numeric.ts';
import { compileWildcard } from './wildcard.ts';

type Test = (value: Leaf) => boolean;
type Fail = (why: string) => never;

/** Names that Ruler keeps for itself inside `$or` (Constants.RESERVED_FIELD_NAMES_IN_OR_RELATIONSHIP). */
export const RESERVED_IN_OR: ReadonlySet<string> = new Set([
  ...['exactly', 'equals-ignore-case', 'prefix', 'suffix', 'anything-but', 'exists', 'wildcard', 'numeric', 'cidr'],
  ...['=', '<', '<=', '>', '>=', 'regex', 'not-wildcard', 'not-equals-ignore-case'],
  ...['date-after', 'date-on-or-after', 'date-before', 'date-on-or-before', 'in-date-range'],
  ...['ip-address-in-range', 'ip-address-not-in-range'],
]);

const MAX_VALUES = 10_000;

/** Compiles the list of values of one field: any of them may hold. */
export function compileValues(list: readonly unknown[], fail: Fail): { accepts: Test; absent: boolean } {
  if (list.length === 0) return fail('an empty list is not allowed');
  if (list.length > MAX_VALUES) return fail(`it lists over ${MAX_VALUES} values`);
  const constants = new Set<Leaf>();
  const tests: Test[] = [];
  let absent = false;
  for (const item of list) {
    if (item !== null && typeof item === 'object') {
      const expression = compileExpression(item, fail);
      if (expression === 'absent') absent = true;
      else tests.push(expression);
    } else {
      constants.add(readConstant(item, fail));
      // A pattern that is an IP address matches every spelling of it.
      const address = typeof item === 'string' ? parseIpAddress(item) : undefined;
      if (address !== undefined) tests.push(textTest((text) => parseIpAddress(text)?.key === address.key));
    }
  }
  return { accepts: (value) => constants.has(value) || tests.some((test) => test(value)), absent };
}

function readConstant(item: unknown, fail: Fail): Leaf {
  if (item === null || typeof item === 'string' || typeof item === 'boolean') return item;
  return readNumber(item, fail, 'a value must be a string, a number, true, false, null or an object');
}

function readNumber(item: unknown, fail: Fail, otherwise: string): number {
  if (typeof item !== 'number') return fail(otherwise);
  return Number.isFinite(item) ? item : fail('a number is out of range');
}

/** `{"operator": operand}`. */
function compileExpression(item: object, fail: Fail): Test | 'absent' {
  const [operator, operand] = onlyEntry(item, fail, 'a value');
  switch (operator) {
    case 'exists':
      if (typeof operand !== 'boolean') return fail('exists must be true or false');
      return operand ? () => true : 'absent';
    case 'exactly': {
      const text = readText(operand, fail, operator);
      return (value) => value === text;
    }
    case 'numeric':
      return compileNumeric(operand, fail);
    case 'cidr': {
      const block = parseIpBlock(readText(operand, fail, operator));
      if (block === undefined) return fail(`"${String(operand)}" is not an address block such as 10.0.0.0/8`);
      return textTest((text) => block.contains(parseIpAddress(text)));
    }
    case 'anything-but':
      return compileAnythingBut(operand, fail);
    case 'equals-ignore-case':
    case 'wildcard':
    case 'prefix':
    case 'suffix':
      return textTest(compileText(operator, operand, fail));
    default:
      return fail(`"${operator.slice(0, 80)}" is not an operator`);
  }
}

function compileText(operator: string, operand: unknown, fail: Fail): (text: string) => boolean {
  if ((operator === 'prefix' || operator === 'suffix') && operand !== null && typeof operand === 'object') {
    const [inner, text] = onlyEntry(operand, fail, operator);
    if (inner !== 'equals-ignore-case') return fail(`${operator} takes a string or {"equals-ignore-case": string}`);
    const folded = foldCase(readText(text, fail, inner));
    return operator === 'prefix'
      ? (value) => prefixIgnoringCase(folded, value)
      : (value) => suffixIgnoringCase(folded, value);
  }
  const wanted = readText(operand, fail, operator);
  if (operator === 'prefix') return (value) => value.startsWith(wanted);
  if (operator === 'suffix') return (value) => value.endsWith(wanted);
  if (operator === 'wildcard') return compileWildcard(wanted, fail);
  const folded: FoldedText = foldCase(wanted);
  return (value) => equalsIgnoringCase(folded, value);
}

/**
 * Whatever is not the operand matches, numbers, booleans and null among it; an absent field does not. Strings and
 * numbers cannot be mixed in one list.
 */
function compileAnythingBut(operand: unknown, fail: Fail): Test {
  if (operand !== null && typeof operand === 'object' && !Array.isArray(operand)) {
    const [operator, inner] = onlyEntry(operand, fail, 'anything-but');
    if (!['prefix', 'suffix', 'wildcard', 'equals-ignore-case'].includes(operator)) {
      return fail(`anything-but does not take "${operator.slice(0, 80)}"`);
    }
    const tests = asList(inner, fail).map((text) => {
      const wanted = readText(text, fail, operator);
      if (wanted === '' && (operator === 'prefix' || operator === 'suffix')) return fail(`an empty ${operator}`);
      return compileText(operator, wanted, fail);
    });
    return (value) => typeof value !== 'string' || !tests.some((test) => test(value));
  }
  const items = asList(operand, fail);
  const refused = new Set<Leaf>();
  for (const item of items) {
    if (typeof item !== typeof items[0]) return fail('anything-but cannot mix strings and numbers');
    const wrong = 'anything-but takes strings or numbers';
    refused.add(typeof item === 'string' ? item : readNumber(item, fail, wrong));
  }
  return (value) => !refused.has(value);
}

function asList(operand: unknown, fail: Fail): readonly unknown[] {
  const items: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
  if (items.length === 0) return fail('anything-but needs at least one value');
  return items.length > MAX_VALUES ? fail(`it lists over ${MAX_VALUES} values`) : items;
}

function readText(operand: unknown, fail: Fail, operator: string): string {
  return typeof operand === 'string' ? operand : fail(`${operator} must be a string`);
}

function onlyEntry(item: object, fail: Fail, what: string): readonly [string, unknown] {
  const entries = Array.isArray(item) ? [] : Object.entries(item);
  const [entry] = entries;
  if (entry === undefined || entries.length > 1) return fail(`${what} must be an object with exactly one operator`);
  return entry;
}

const textTest =
  (test: (text: string) => boolean): Test =>
  (value) =>
    typeof value === 'string' && test(value);
