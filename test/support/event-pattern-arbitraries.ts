import fc from 'fast-check';

/**
 * Small alphabets, so that patterns and events meet often. The same arbitraries feed the differential test against the
 * reference and the interop check against aws/event-ruler.
 */
const keys = fc.constantFrom('a', 'b', 'c', 'd', 'a.b', 'b.c', 'x-y');
const words = fc.constantFrom(
  ...['', 'a', 'b', 'ab', 'ba', 'abc', 'aBc', 'ABC', 'Abb', 'aab', 'a*b', 'a\\b', 'ß', 'SS', 'ss', 'é', 'É', '雨大'],
  ...['10.0.0.1', '10.0.0.255', '10.0.1.0', '010.0.0.1', '256.0.0.1', '::1', '0:0:0:0:0:0:0:1', '2001:db8::a'],
  ...['2001:DB8:0:0::a', '::ffff:a00:1', '::', 'ab:cd', '1', 'true', 'null', '12:30'],
);
const numbers = fc.constantFrom(0, 1, -1, 2, 3, 3.5, 300, 1e10, -5e9, 0.1, 5e-324, 123456789012);
const leaves = fc.oneof(
  { weight: 5, arbitrary: words },
  { weight: 3, arbitrary: numbers },
  { weight: 1, arbitrary: fc.constantFrom(true, false, null) },
);

const wildcards = fc
  .array(fc.constantFrom('a', 'b', 'c', '*', '\\*', '\\\\', 'B', '雨'), { maxLength: 6 })
  .map((parts) => parts.filter((part, i) => part !== '*' || parts[i - 1] !== '*').join(''))
  .filter((text) => !text.includes('**'));
const fullText = words.filter((text) => text !== '');
const oneOrMore = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof(arbitrary, fc.array(arbitrary, { minLength: 1, maxLength: 3 }));
const blocks = fc.constantFrom('10.0.0.0/24', '10.0.0.0/8', '10.0.0.77/31', '2001:db8::/32', '::/127');
const folded = fc.record({ 'equals-ignore-case': words });
const numeric = fc.oneof(
  fc.tuple(fc.constantFrom('=', '<', '<=', '>', '>='), numbers),
  fc
    .tuple(fc.constantFrom('>', '>='), numbers, fc.constantFrom('<', '<='), numbers)
    .filter(([, low, , high]) => low < high),
);

const expressions = fc.oneof(
  fc.record({ exists: fc.boolean() }),
  fc.record({ exactly: words }),
  fc.record({ prefix: fc.oneof(words, folded) }),
  fc.record({ suffix: fc.oneof(words, folded) }),
  fc.record({ 'equals-ignore-case': words }),
  fc.record({ wildcard: wildcards }),
  fc.record({ numeric }),
  fc.record({ cidr: blocks }),
  fc.record({
    'anything-but': fc.oneof(
      oneOrMore(words),
      oneOrMore(numbers),
      fc.record({ prefix: oneOrMore(fullText) }),
      fc.record({ suffix: oneOrMore(fullText) }),
      fc.record({ wildcard: oneOrMore(wildcards) }),
      fc.record({ 'equals-ignore-case': oneOrMore(words) }),
    ),
  }),
);
const values = fc.array(fc.oneof({ weight: 2, arbitrary: leaves }, { weight: 3, arbitrary: expressions }), {
  minLength: 1,
  maxLength: 3,
});

const node = (depth: number): fc.Arbitrary<Record<string, unknown>> => {
  const members =
    depth === 0 ? values : fc.oneof({ weight: 2, arbitrary: values }, { weight: 1, arbitrary: node(depth - 1) });
  const fields = fc.dictionary(keys, members, { minKeys: 1, maxKeys: 3, noNullPrototype: true });
  if (depth === 0) return fields;
  const or = fc.array(node(depth - 1), { minLength: 2, maxLength: 3 });
  return fc.tuple(fields, fc.option(or, { freq: 2 })).map(([own, $or]) => ($or === null ? own : { ...own, $or }));
};

export const patterns = node(2);

/** Flat patterns over one field: every operator meets every kind of value. */
export const onePathPatterns = values.map((list) => ({ a: list }));

export const events: fc.Arbitrary<Record<string, unknown>> = fc.letrec<{
  object: Record<string, unknown>;
  any: unknown;
}>((tie) => ({
  any: fc.oneof({ depthSize: 'small', maxDepth: 5 }, leaves, tie('object'), fc.array(tie('any'), { maxLength: 3 })),
  object: fc.dictionary(keys, tie('any'), { maxKeys: 4, noNullPrototype: true }),
})).object;

export const onePathEvents = fc.oneof(leaves, fc.array(leaves, { maxLength: 3 })).map((value) => ({ a: value }));

/** Events shaped after a pattern: each of its paths is there, in objects or in arrays of objects. */
export const eventsFor = (pattern: unknown): fc.Arbitrary<unknown> => {
  if (pattern === null || typeof pattern !== 'object' || Array.isArray(pattern)) {
    return fc.oneof(
      { weight: 4, arbitrary: leafFor(pattern) },
      { weight: 1, arbitrary: fc.array(leafFor(pattern), { maxLength: 3 }) },
    );
  }
  const own = Object.entries(pattern).filter(([key]) => key !== '$or');
  const branches = ((pattern as { $or?: readonly object[] }).$or ?? []).map((branch) => Object.entries(branch));
  const one = fc
    .constantFrom<[string, unknown][][]>(branches.length > 0 ? branches : [[]])
    .chain(() =>
      fc
        .tuple(
          fc.record(Object.fromEntries(own.map(([key, inner]) => [key, eventsFor(inner)])), { requiredKeys: [] }),
          fc.oneof(...[fc.constant({}), ...branches.map((b) => eventsFor(Object.fromEntries(b)))]),
        )
        .map(([a, b]) => ({ ...(Array.isArray(b) ? {} : (b as object)), ...a })),
    );
  return fc.oneof(
    { weight: 3, arbitrary: one },
    { weight: 2, arbitrary: fc.array(fc.oneof(one, leaves), { maxLength: 3 }) },
  );
};

/** A leaf that the pattern's values speak of, as often as not. */
function leafFor(list: unknown): fc.Arbitrary<unknown> {
  const spoken = Array.isArray(list) ? list.filter((item) => item === null || typeof item !== 'object') : [];
  return spoken.length > 0 ? fc.oneof(leaves, fc.constantFrom(...spoken)) : leaves;
}
