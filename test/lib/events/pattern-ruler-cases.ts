/**
 * Facts about event patterns, restated from the public tests of aws/event-ruler 2.0.1 (Apache-2.0):
 * `correctness-cases.json` (51 pairs, of which 33 match), `RulerTest` and `JsonRuleCompilerTest`. Names and values are
 * our own; the expected answers were confirmed by running the library on these very pairs.
 */
export interface PatternCase {
  readonly what: string;
  readonly pattern: unknown;
  readonly event: unknown;
  readonly matches: boolean;
}

const there = [{ exists: true }];
const missing = [{ exists: false }];

const yes = (what: string, pattern: unknown, event: unknown): PatternCase => ({ what, pattern, event, matches: true });
const no = (what: string, pattern: unknown, event: unknown): PatternCase => ({ what, pattern, event, matches: false });

const both = { image: { digest: there, tag: there } };
const three = { image: { arch: there, os: there, size: there } };
const named = { image: { name: ['base'], state: ['signed'] } };
const label = { image: { labels: { key: ['tier'], value: ['gold'] } } };
const layered = { image: { layer: { digest: there, size: there } } };
const outer = { image: { name: there, config: { user: ['0'] } } };
const tagged = { image: { tags: there, kind: there } };
const tagList = (...tags: string[]) => ({ image: { tags, kind: 'index' } });
const prefixed = { image: { name: [{ prefix: 'ba' }], state: there } };
const ended = { image: { name: [{ suffix: 'se' }], state: there } };
const ownerAndVersion = (version: string) => ({ owners: { name: there }, version: [version] });

/** correctness-cases.json */
export const correctnessCases: readonly PatternCase[] = [
  yes('two fields that must be there, both there', both, { image: { digest: 1, tag: 2 } }),
  no('two fields that must be there, one missing', both, { image: { digest: 1 } }),
  yes('exact values', named, { image: { name: 'base', state: 'signed' } }),
  no('one exact value differs', named, { image: { name: 'base', state: 'new' } }),
  yes('prefix', { image: { name: [{ prefix: 'ba' }] } }, { image: { name: 'base' } }),
  yes('numeric range', { image: { size: [{ numeric: ['>', 0, '<', 100] }] } }, { image: { size: 50 } }),
  yes('anything-but', { image: { state: [{ 'anything-but': 'denied' }] } }, { image: { state: 'signed' } }),
  yes('two fields of one element', both, { image: [{ digest: 1, tag: 2 }] }),
  no('two fields of different elements', both, { image: [{ digest: 1 }, { tag: 2 }] }),
  yes('the last of three elements has both', both, { image: [{ digest: 1 }, { tag: 2 }, { digest: 3, tag: 4 }] }),
  yes('three fields of one element', three, { image: [{ arch: 1, os: 2, size: 3 }] }),
  no('three fields of three elements', three, { image: [{ arch: 1 }, { os: 2 }, { size: 3 }] }),
  yes('exact values of one element', named, { image: [{ name: 'base', state: 'signed' }] }),
  no('exact values of two elements', named, { image: [{ name: 'base' }, { state: 'signed' }] }),
  yes('prefix and presence in one element', prefixed, { image: [{ name: 'base', state: 'x' }] }),
  no('prefix and presence in two elements', prefixed, { image: [{ name: 'base' }, { state: 'x' }] }),
  yes(
    'scalars in an array are there',
    { image: { tags: there, name: there } },
    { image: { tags: ['a', 'b'], name: 'x' } },
  ),
  yes('one scalar of an array', { tags: ['admin'] }, { tags: ['user', 'admin'] }),
  no('no scalar of an array', { tags: ['owner'] }, { tags: ['user', 'admin'] }),
  yes('nested arrays, same inner element', label, { image: [{ labels: [{ key: 'tier', value: 'gold' }] }] }),
  no('nested arrays, two inner elements', label, { image: [{ labels: [{ key: 'tier' }, { value: 'gold' }] }] }),
  no('an outer array split', outer, { image: [{ name: 'base' }, { config: { user: '0' } }] }),
  yes('an outer array, one element', outer, { image: [{ name: 'base', config: { user: '0' } }] }),
  yes('two levels of arrays, same leaf', layered, { image: [{ layer: [{ digest: 1, size: 2 }] }] }),
  no('two levels of arrays, split leaf', layered, { image: [{ layer: [{ digest: 1 }, { size: 2 }] }] }),
  yes('an array and a scalar beside it', ownerAndVersion('1'), { owners: [{ name: 'ann' }], version: '1' }),
  no('an array and a wrong scalar beside it', ownerAndVersion('2'), { owners: [{ name: 'ann' }], version: '1' }),
  yes('absent within the element', { image: { digest: there, tag: missing } }, { image: [{ digest: 1 }] }),
  no('present within the element', { image: { digest: there, tag: missing } }, { image: [{ digest: 1, tag: 2 }] }),
  no('an empty event', { image: { digest: there } }, {}),
  no('an empty array', { image: { digest: there } }, { image: [] }),
  yes('one field, two elements', { image: { digest: there } }, { image: [{ digest: 1 }, { digest: 2 }] }),
  yes('one of four elements is right', named, {
    image: [{ name: 'x' }, { name: 'y' }, { name: 'base', state: 'signed' }, { name: 'z' }],
  }),
  yes(
    'a number and presence in an array',
    { image: { size: [{ numeric: ['>', 0, '<', 100] }], name: there } },
    {
      image: [
        { name: 'w', size: 50 },
        { name: 'g', size: 200 },
      ],
    },
  ),
  yes(
    'anything-but in an array',
    { image: { state: [{ 'anything-but': 'denied' }], name: there } },
    {
      image: [
        { name: 'ann', state: 'denied' },
        { name: 'bob', state: 'signed' },
      ],
    },
  ),
  yes('scalars and a field beside them', tagged, tagList('a', 'b', 'c')),
  yes('a prefix among scalars', { image: { tags: [{ prefix: 'ad' }], kind: there } }, tagList('admin', 'user', 'dev')),
  no('no such prefix among scalars', { image: { tags: [{ prefix: 'own' }], kind: there } }, tagList('admin', 'user')),
  yes('scalars below two objects', { detail: both }, { detail: { image: { digest: ['a', 'b'], tag: 'x' } } }),
  yes(
    'two arrays of scalars',
    { tags: there, kinds: there, version: ['1'] },
    { tags: ['a', 'b'], kinds: ['x'], version: '1' },
  ),
  yes('an exact scalar among many', { image: { tags: ['want'], kind: ['index'] } }, tagList('a', 'b', 'want', 'c')),
  yes(
    'a number among scalars',
    { image: { sizes: [{ numeric: ['>', 0, '<', 10] }], kind: there } },
    {
      image: { sizes: [100, 5, 200], kind: 'index' },
    },
  ),
  yes(
    'anything-but among scalars',
    { image: { tags: [{ 'anything-but': 'bad' }], kind: there } },
    tagList('bad', 'ok'),
  ),
  yes('an array of one scalar', tagged, tagList('only')),
  no('an array of no scalars', tagged, tagList()),
  yes(
    'an array of objects and one of scalars',
    { owners: { name: there }, tags: ['admin'] },
    {
      owners: [{ name: 'ann' }],
      tags: ['admin', 'user'],
    },
  ),
  no(
    'a split array of objects and one of scalars',
    { owners: { name: there, mail: there }, tags: ['admin'] },
    {
      owners: [{ name: 'ann' }, { mail: 'a@b' }],
      tags: ['admin'],
    },
  ),
  yes(
    'scalars four levels down',
    { a: { b: { c: { tags: there, kind: there } } } },
    { a: { b: { c: { tags: ['x', 'y'], kind: 'k' } } } },
  ),
  yes('a suffix in one element', ended, { image: [{ name: 'base', state: 'new' }] }),
  yes('only the last of five elements has both', both, {
    image: [{ digest: 1 }, { digest: 2 }, { digest: 3 }, { digest: 4 }, { digest: 5, tag: 'x' }],
  }),
  no('a suffix in another element', ended, { image: [{ name: 'base' }, { state: 'new' }] }),
];

const staff = {
  teams: [
    [
      { first: 'Ann', last: 'Able', ids: [1234, 1000, 9999] },
      { first: 'Bea', last: 'Best' },
    ],
    [{ first: 'Cid', last: 'Cole', ids: [] }],
  ],
};
const instance = {
  time: '2026-10-02T16:24:49Z',
  detail: {
    'c.count': 5,
    'd.count': 3,
    'x.limit': 301.8,
    'source-ip': '10.0.0.33',
    state: 'running',
    account: 123456789012,
  },
};
const notOf = (value: unknown) => ({ a: [{ 'anything-but': value }] });

/** RulerTest and the README of event-ruler. */
export const rulerCases: readonly PatternCase[] = [
  yes('a field of an element of an array of arrays', { teams: { first: ['Bea'] } }, staff),
  yes('fields of one element, one of them an array of numbers', { teams: { first: ['Ann'], ids: [1000] } }, staff),
  yes('absence within the element that was chosen', { teams: { first: ['Bea'], ids: missing } }, staff),
  no('a name that nobody has', { teams: { first: ['Dan'] } }, staff),
  no('names of two people', { teams: { first: ['Bea'], last: ['Cole'] } }, staff),
  no('an array of objects is no value', { teams: ['b'] }, staff),
  no('numbers of another element', { teams: { first: ['Bea'], ids: [1000] } }, staff),
  no('presence in another element', { teams: { first: ['Bea'], ids: there } }, staff),
  yes('an empty array is an absent field', { teams: { first: ['Cid'], ids: missing } }, staff),
  yes('a dot in a key reads as nesting', { detail: { c: { count: [5] } } }, instance),
  yes('and the other way', { 'detail.d': { count: [3] } }, instance),
  yes('numbers by value', { detail: { 'x.limit': [3.018e2] } }, instance),
  yes('numeric equality', { detail: { 'x.limit': [{ numeric: ['=', 3.018e2] }] } }, instance),
  no('a number is not its text', { detail: { 'c.count': ['5'] } }, instance),
  yes('an account number', { detail: { account: [123456789012] } }, instance),
  yes('a block of addresses', { detail: { 'source-ip': [{ cidr: '10.0.0.0/24' }] } }, instance),
  no('an address outside the block', { detail: { 'source-ip': [{ cidr: '10.0.0.34/31' }] } }, instance),
  yes('prefix of a time', { time: [{ prefix: '2026-10-02' }] }, instance),
  yes('prefix, ignoring case', { detail: { state: [{ prefix: { 'equals-ignore-case': 'RuNn' } }] } }, instance),
  yes('suffix, ignoring case', { detail: { state: [{ suffix: { 'equals-ignore-case': 'nInG' } }] } }, instance),
  yes('anything but a prefix', { detail: { state: [{ 'anything-but': { prefix: 'init' } }] } }, instance),
  no('anything but the prefix it has', { detail: { state: [{ 'anything-but': { prefix: ['x', 'run'] } }] } }, instance),
  yes('exists: false on an inner node', { detail: missing }, instance),
  no('exists: true on an inner node', { detail: there }, instance),
  yes('null is a value that is there', { a: there }, { a: null }),
  yes('null matches null', { a: [null] }, { a: null }),
  no('null does not match its text', { a: [null] }, { a: 'null' }),
  yes('true matches true', { a: [true] }, { a: true }),
  no('true does not match its text', { a: ['true'] }, { a: true }),
  yes('the empty string', { a: [''] }, { a: '' }),
  yes('any string has the empty prefix', { a: [{ prefix: '' }] }, { a: 'x' }),
  no('but a number has none', { a: [{ prefix: '' }] }, { a: 1 }),
  yes('anything but strings, given a number', notOf(['x', 'y']), { a: 3 }),
  yes('anything but numbers, given a string', notOf([111, 222]), { a: '111' }),
  no('anything but a number, given it', notOf(444), { a: 4.44e2 }),
  yes('anything but a string, given null', notOf('x'), { a: null }),
  no('anything-but wants the field to be there', notOf('x'), {}),
  no('anything but a suffix', notOf({ suffix: 'ing' }), { a: 'matching' }),
  no('anything but, ignoring case', notOf({ 'equals-ignore-case': ['CamelCase', 'AbC'] }), { a: 'abc' }),
  no('anything but a wildcard', notOf({ wildcard: ['*/bin/*.jar'] }), { a: 'opt/bin/x.jar' }),
  yes('anything but a wildcard that differs', notOf({ wildcard: '*/bin/*.jar' }), { a: 'opt/lib/x.jar' }),
  yes('a wildcard may stand for nothing', { a: [{ wildcard: 'xy*' }] }, { a: 'xy' }),
  yes('a wildcard at the front', { a: [{ wildcard: '*bc' }] }, { a: 'abcbc' }),
  no('a wildcard is anchored', { a: [{ wildcard: 'd*f' }] }, { a: 'deeefx' }),
  no('the two ends of a wildcard do not overlap', { a: [{ wildcard: 'aba*aba' }] }, { a: 'ababa' }),
  yes('an escaped star', { a: [{ wildcard: 'a\\*b\\\\*' }] }, { a: 'a*b\\c' }),
  no('an escaped star is only a star', { a: [{ wildcard: 'a\\*b' }] }, { a: 'axb' }),
  yes('an IP address by value, v6', { a: ['2001:db8::a'] }, { a: '2001:0DB8:0:0:0:0:0:A' }),
  yes('an IP address by value, v4', { a: ['10.0.0.1'] }, { a: '010.0.0.1' }),
  yes('an IPv4-mapped address', { a: [{ cidr: '10.0.0.0/8' }] }, { a: '::ffff:a00:1' }),
  yes('a block of IPv6 addresses', { a: [{ cidr: '2001:db8::/32' }] }, { a: '2001:db8:ffff::1' }),
  no('outside the block of IPv6 addresses', { a: [{ cidr: '2001:db8::/32' }] }, { a: '2001:db9::1' }),
  yes('exactly', { a: [{ exactly: 'b' }] }, { a: 'b' }),
  yes('ß and its upper case', { a: [{ 'equals-ignore-case': 'straße' }] }, { a: 'STRASSE' }),
];

const metric = (fields: object) => ({ source: 'aws.cloudwatch', ...fields });
const nestedOr = {
  source: ['aws.cloudwatch'],
  $or: [
    { name: ['CPU', 'Latency'] },
    { type: ['T'], space: ['EC2'], $or: [{ id: [1234] }, { spaceId: [1000] }] },
    { scope: ['Service'] },
  ],
};

export const orCases: readonly PatternCase[] = [
  yes('the first alternative', nestedOr, metric({ name: 'CPU' })),
  yes('the last alternative', nestedOr, metric({ scope: 'Service' })),
  yes('a nested alternative', nestedOr, metric({ type: 'T', space: 'EC2', spaceId: 1000 })),
  no('half of a nested alternative', nestedOr, metric({ type: 'T', space: 'EC2' })),
  no('an alternative without the common field', nestedOr, { name: 'CPU' }),
  yes(
    'two $or side by side',
    { $or: [{ a: [1] }, { b: [1] }], c: { $or: [{ d: [1] }, { e: [1] }] } },
    { b: 1, c: { e: 1 } },
  ),
  no(
    'two $or, one fails',
    { $or: [{ a: [1] }, { b: [1] }], c: { $or: [{ d: [1] }, { e: [1] }] } },
    { b: 1, c: { f: 1 } },
  ),
  yes('a later mention of a path overrides', { a: [1], $or: [{ a: [2] }, { b: [3] }] }, { a: 2 }),
  yes('$or as a plain field', { $or: [{ prefix: 'x' }, { numeric: ['>', 3] }] }, { $or: 5 }),
  yes('$or as an object', { $or: { type: ['T'] } }, { $or: { type: 'T' } }),
];

const one = (value: unknown) => ({ a: [value] });

/** JsonRuleCompilerTest: what must be refused. */
export const invalidPatterns: readonly (readonly [what: string, pattern: unknown])[] = [
  ['a list', [1, 2, 3]],
  ['a text', '{"a":[1]}'],
  ['nothing', undefined],
  ['a value that is not in a list', { a: 1 }],
  ['an empty object', { a: {} }],
  ['an empty pattern', {}],
  ['an empty list', { a: [] }],
  ['a list in a list', one([1])],
  ['an unknown operator', one({ x: 2 })],
  ['an operator without a name', one({})],
  ['exactly a number', one({ exactly: 33 })],
  ['two operators', one({ prefix: 'x', foo: [] })],
  ['prefix of a number', one({ prefix: 3 })],
  ['prefix of a list', one({ prefix: ['x'] })],
  ['prefix of another operator', one({ prefix: { 'invalid-expression': ['abc'] } })],
  ['prefix, ignoring the case of a number', one({ prefix: { 'equals-ignore-case': 5 } })],
  ['suffix, ignoring the case of a list', one({ suffix: { 'equals-ignore-case': ['abc'] } })],
  ['suffix with two operators inside', one({ suffix: { 'equals-ignore-case': 'abc', test: 'def' } })],
  ['equals-ignore-case of a list', one({ 'equals-ignore-case': ['abc'] })],
  ['wildcard of a number', one({ wildcard: 5 })],
  ['two stars', one({ wildcard: 'abc**def' })],
  ['a bad escape', one({ wildcard: 'a*c\\def' })],
  ['a trailing escape', one({ wildcard: 'abc\\' })],
  ['no block', one({ cidr: 'foo' })],
  ['a block that is one address', one({ cidr: '10.0.0.1/32' })],
  ['a negative block', one({ cidr: '10.0.0.1/-1' })],
  ['a block of IPv6 that is one address', one({ cidr: '::1/128' })],
  ['an address of five parts', one({ cidr: '1.2.3.4.5/8' })],
  ['anything-but of mixed types', one({ 'anything-but': ['x', 111] })],
  ['anything-but of nothing', one({ 'anything-but': [] })],
  ['anything-but of null', one({ 'anything-but': null })],
  ['anything-but of true', one({ 'anything-but': [true] })],
  ['anything-but of an empty prefix', one({ 'anything-but': { prefix: ['1', ''] } })],
  ['anything-but of an empty suffix', one({ 'anything-but': { suffix: '' } })],
  ['anything-but of numeric prefixes', one({ 'anything-but': { prefix: [1, 2] } })],
  ['anything-but of two operators', one({ 'anything-but': { prefix: 'foo', a: 1 } })],
  ['anything-but of a wildcard of two stars', one({ 'anything-but': { wildcard: ['1', 'foo**bar'] } })],
  ['anything-but of numeric', one({ 'anything-but': { numeric: ['>', 1] } })],
  ['exists: a number', one({ exists: 1 })],
  ['exists: a text', one({ exists: 'true' })],
  ['numeric without a list', one({ numeric: 5 })],
  ['numeric of nothing', one({ numeric: [] })],
  ['numeric with an unknown operator', one({ numeric: ['!=', 5] })],
  ['numeric of a text', one({ numeric: ['>', '5'] })],
  ['two upper bounds', one({ numeric: ['<', 5, '<', 6] })],
  ['an equality and a bound', one({ numeric: ['=', 5, '<', 6] })],
  ['a bound without a number', one({ numeric: ['>', 5, '<'] })],
  ['three bounds', one({ numeric: ['>', 5, '<', 6, '<', 7] })],
  ['an empty range', one({ numeric: ['>', 5, '<', 5] })],
  ['a range upside down', one({ numeric: ['>', 6, '<', 5] })],
  ['a number beyond every double', one(Number.POSITIVE_INFINITY)],
  ['$or with one object', { $or: [{ a: [1] }] }],
  ['$or with a list in it', { $or: [{ a: [1] }, [{ b: [1] }]] }],
];
