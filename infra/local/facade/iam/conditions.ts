import { matchesWildcard } from './wildcard.ts';

/** Values of condition keys, by the key in lower case. */
export type ConditionContext = ReadonlyMap<string, readonly string[]>;

/** The Condition block of a statement: operator → key → values. */
export type ConditionBlock = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

type Compare = (value: string, wanted: string) => boolean;

const number =
  (compare: (a: number, b: number) => boolean): Compare =>
  (value, wanted) =>
    compare(Number(value), Number(wanted));

/** "IAM JSON policy elements: Condition operators" */
const OPERATORS: ReadonlyMap<string, Compare> = new Map<string, Compare>([
  ['StringEquals', (value, wanted) => value === wanted],
  ['StringEqualsIgnoreCase', (value, wanted) => value.toLowerCase() === wanted.toLowerCase()],
  ['StringLike', (value, wanted) => matchesWildcard(wanted, value)],
  ['ArnEquals', (value, wanted) => matchesWildcard(wanted, value)],
  ['ArnLike', (value, wanted) => matchesWildcard(wanted, value)],
  ['NumericEquals', number((a, b) => a === b)],
  ['NumericLessThan', number((a, b) => a < b)],
  ['NumericLessThanEquals', number((a, b) => a <= b)],
  ['NumericGreaterThan', number((a, b) => a > b)],
  ['NumericGreaterThanEquals', number((a, b) => a >= b)],
  ['Bool', (value, wanted) => value.toLowerCase() === wanted.toLowerCase()],
]);

/** `StringNotLike` is the negation of `StringLike`: it holds when no wanted value compares. */
function operatorOf(name: string): { readonly compare: Compare; readonly negated: boolean } | undefined {
  const compare = OPERATORS.get(name) ?? OPERATORS.get(name.replace('Not', ''));
  return compare === undefined ? undefined : { compare, negated: !OPERATORS.has(name) };
}

/** Keys whose values the facade knows for every call; a service may add its own to a permission. */
const KNOWN_KEYS: ReadonlySet<string> = new Set([
  'aws:requestedregion',
  'aws:principalarn',
  'aws:principalaccount',
  'aws:resourceaccount',
  'aws:securetransport',
  's3:prefix',
  'ecs:cluster',
  'iam:passedtoservice',
]);

interface ParsedOperator {
  readonly name: string;
  readonly quantifier: 'all' | 'any' | undefined;
  readonly ifExists: boolean;
}

function parseOperator(text: string): ParsedOperator {
  const [, quantifier, name = '', ifExists] = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(text) ?? [];
  return {
    name,
    quantifier: quantifier === 'ForAllValues' ? 'all' : quantifier === 'ForAnyValue' ? 'any' : undefined,
    ifExists: ifExists !== undefined,
  };
}

/** Operators and keys of the block that are not evaluated here. */
export function unknownConditions(block: ConditionBlock): readonly string[] {
  const unknown: string[] = [];
  for (const [operator, keys] of Object.entries(block)) {
    const { name } = parseOperator(operator);
    if (name !== 'Null' && operatorOf(name) === undefined) unknown.push(operator);
    for (const key of Object.keys(keys)) if (!KNOWN_KEYS.has(key.toLowerCase())) unknown.push(key);
  }
  return unknown;
}

/**
 * Whether every condition holds. What is not known here counts as `unknownIs`: false for an Allow and true for a Deny,
 * so that the local stack is never more permissive than AWS.
 */
export function conditionsHold(block: ConditionBlock, context: ConditionContext, unknownIs: boolean): boolean {
  return Object.entries(block).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) =>
      holds(parseOperator(operator), key.toLowerCase(), wanted, context, unknownIs),
    ),
  );
}

function holds(
  { name, quantifier, ifExists }: ParsedOperator,
  key: string,
  wanted: readonly string[],
  context: ConditionContext,
  unknownIs: boolean,
): boolean {
  const values = context.get(key);
  if (values === undefined && !KNOWN_KEYS.has(key)) return unknownIs;
  if (name === 'Null') return wanted.some((text) => (text === 'true') === (values === undefined));
  const operator = operatorOf(name);
  if (operator === undefined) return unknownIs;
  const { compare, negated } = operator;
  // A key that the request does not have: only negations, ...IfExists and ForAllValues hold.
  if (values === undefined || values.length === 0) return negated || ifExists || quantifier === 'all';
  const one = (value: string): boolean => wanted.some((text) => compare(value, text)) !== negated;
  return quantifier === 'any' ? values.some(one) : values.every(one);
}
