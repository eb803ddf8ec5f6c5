/**
 * A second, slow reading of event patterns, for differential tests: it tries every choice of values outright, spells
 * the operators another way, and shares nothing with lib/events. Only for valid patterns and small events.
 */
type Leaf = string | number | boolean | null;
type Element = readonly [array: string, index: number];
interface Value {
  readonly path: string;
  readonly leaf: Leaf;
  readonly elements: readonly Element[];
}

export function referenceMatches(pattern: object, event: unknown): boolean {
  if (event === null || typeof event !== 'object' || Array.isArray(event)) return false;
  const values = valuesOf(event, [], '$', []);
  return branchesOf(pattern, [], [new Map()]).some((branch) => {
    const paths = [...branch.keys()].sort();
    return choose(paths, branch, values, []);
  });
}

function valuesOf(node: unknown, path: readonly string[], where: string, elements: readonly Element[]): Value[] {
  if (Array.isArray(node)) {
    return node.flatMap((item, index) => {
      const inside = item !== null && typeof item === 'object';
      return valuesOf(item, path, `${where}[${index}]`, inside ? [...elements, [where, index]] : elements);
    });
  }
  if (node !== null && typeof node === 'object') {
    return Object.entries(node).flatMap(([key, item]) =>
      valuesOf(item, [...path, key], `${where}/${key.length}:${key}`, elements),
    );
  }
  return [{ path: path.join('.'), leaf: node as Leaf, elements }];
}

function branchesOf(pattern: object, path: readonly string[], branches: Map<string, unknown[]>[]): typeof branches {
  let result = branches;
  for (const [key, member] of Object.entries(pattern)) {
    if (key === '$or') {
      result = (member as object[]).flatMap((one) =>
        branchesOf(
          one,
          path,
          result.map((b) => new Map(b)),
        ),
      );
    } else if (Array.isArray(member)) {
      result = result.map((branch) => new Map(branch).set([...path, key].join('.'), member));
    } else {
      result = branchesOf(member as object, [...path, key], result);
    }
  }
  return result;
}

function choose(
  paths: readonly string[],
  branch: ReadonlyMap<string, unknown[]>,
  values: readonly Value[],
  chosen: readonly Element[],
): boolean {
  const [path, ...rest] = paths;
  if (path === undefined) return true;
  const wanted = branch.get(path) ?? [];
  const here = values.filter((value) => value.path === path && agrees(value.elements, chosen));
  if (here.length === 0 && wanted.some((w) => JSON.stringify(w) === '{"exists":false}')) {
    if (choose(rest, branch, values, chosen)) return true;
  }
  return here.some(
    (value) =>
      wanted.some((w) => accepts(w, value.leaf)) && choose(rest, branch, values, [...chosen, ...value.elements]),
  );
}

const agrees = (elements: readonly Element[], chosen: readonly Element[]): boolean =>
  elements.every(([array, index]) => chosen.every(([other, at]) => other !== array || at === index));

function accepts(wanted: unknown, leaf: Leaf): boolean {
  if (wanted === null || typeof wanted !== 'object') {
    if (wanted === leaf) return true;
    return typeof wanted === 'string' && typeof leaf === 'string' && ip(wanted) !== '' && ip(wanted) === ip(leaf);
  }
  const [[operator, operand]] = Object.entries(wanted) as [[string, unknown]];
  if (operator === 'exists') return operand === true;
  if (operator === 'anything-but') return anythingBut(operand, leaf);
  if (operator === 'numeric') return typeof leaf === 'number' && numeric(operand as (string | number)[], leaf);
  return typeof leaf === 'string' && textual(operator, operand, leaf);
}

function anythingBut(operand: unknown, leaf: Leaf): boolean {
  if (operand !== null && typeof operand === 'object' && !Array.isArray(operand)) {
    const [[operator, inner]] = Object.entries(operand) as [[string, unknown]];
    return typeof leaf !== 'string' || [inner].flat().every((one) => !textual(operator, one, leaf));
  }
  return [operand].flat().every((one) => one !== leaf);
}

function numeric(operand: readonly (string | number)[], leaf: number): boolean {
  for (let i = 0; i < operand.length; i += 2) {
    const difference = leaf - (operand[i + 1] as number);
    const sign = difference < 0 ? '<' : difference > 0 ? '>' : '=';
    if (!(operand[i] as string).includes(sign)) return false;
  }
  return true;
}

function textual(operator: string, operand: unknown, leaf: string): boolean {
  if (typeof operand === 'object' && operand !== null) {
    const folded = (operand as Record<string, string>)['equals-ignore-case'] ?? '';
    return new RegExp(operator === 'prefix' ? `^${folding(folded)}` : `${folding(folded)}$`, 'us').test(leaf);
  }
  const text = operand as string;
  switch (operator) {
    case 'exactly':
      return leaf === text;
    case 'prefix':
      return leaf.slice(0, text.length) === text;
    case 'suffix':
      return text === '' || leaf.slice(-text.length) === text;
    case 'equals-ignore-case':
      return new RegExp(`^${folding(text)}$`, 'us').test(leaf);
    case 'wildcard':
      return new RegExp(`^${text.replace(/\\[*\\]|\*|[^\\*]/gsu, wildcardPart)}$`, 'us').test(leaf);
    default:
      return inBlock(text, leaf);
  }
}

const wildcardPart = (part: string): string =>
  part === '*' ? '.*' : quote(part.length === 2 && part[0] === '\\' ? part.slice(1) : part);
const quote = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/gu, '\\$&');
const folding = (text: string): string =>
  [...text].map((c) => `(?:${quote(c.toLowerCase())}|${quote(c.toUpperCase())})`).join('');

/** The address as a string of bits, or the empty string. */
function ip(text: string): string {
  if (/^(\d+\.){3}\d+$/.test(text) && text.length <= 15) {
    const bytes = text.split('.').map(Number);
    return bytes.every((b) => b < 256) ? bytes.map((b) => b.toString(2).padStart(8, '0')).join('') : '';
  }
  if (!/^[\da-f:]*:[\da-f:]*$/i.test(text)) return '';
  let groups = text.split(':');
  if (text.startsWith('::')) groups = groups.slice(1);
  if (text.endsWith('::')) groups = groups.slice(0, -1);
  const gap = groups.indexOf('');
  if (gap >= 0)
    groups = [...groups.slice(0, gap), ...Array(Math.max(1, 9 - groups.length)).fill('0'), ...groups.slice(gap + 1)];
  const numbers = groups.map((g) => (/^[\da-f]+$/i.test(g) ? Number.parseInt(g, 16) : Number.NaN));
  if (numbers.length !== 8 || !numbers.every((n) => n <= 0xffff)) return '';
  const bits = numbers.map((n) => n.toString(2).padStart(16, '0')).join('');
  return bits.startsWith('0'.repeat(80) + '1'.repeat(16)) ? bits.slice(96) : bits;
}

function inBlock(block: string, leaf: string): boolean {
  const [base = '', length = ''] = block.split('/');
  const network = ip(base);
  const address = ip(leaf);
  return address.length === network.length && address !== '' && address.startsWith(network.slice(0, Number(length)));
}
