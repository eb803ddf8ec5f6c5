import { LadingError } from '../../../lib/core/errors.ts';

/** What the intrinsic functions of a template look up. Each throws a LadingError that names the place if it cannot. */
export interface Scope {
  /** A resource, parameter or pseudo parameter. */
  ref(name: string, path: string): unknown;
  getAtt(logicalId: string, attribute: string, path: string): unknown;
  importValue(name: string, path: string): unknown;
  findInMap(map: string, first: string, second: string, path: string): unknown;
  condition(name: string, path: string): boolean;
  /** `{{resolve:ssm:…}}` and its kin. */
  dynamic(service: string, reference: string, path: string): string;
  readonly region: string;
}

/** The value of `{ Ref: AWS::NoValue }`: the member that holds it is left out. */
const NO_VALUE = Symbol('AWS::NoValue');

const unresolved = (path: string, why: string): LadingError =>
  new LadingError('template-unresolved', `${path}: ${why}`, {
    hint: 'the local stack reads the synthesised template; what it cannot resolve would be wrong when deployed, too',
  });

/**
 * Resolves the intrinsic functions in a value of a CloudFormation template ("Intrinsic function reference").
 *
 * @param path where the value stands, for errors
 * @throws LadingError `template-unresolved` naming the place
 */
export function resolveValue(value: unknown, scope: Scope, path: string): unknown {
  const resolved = resolve(value, scope, path);
  return resolved === NO_VALUE ? undefined : resolved;
}

function resolve(value: unknown, scope: Scope, path: string): unknown {
  if (typeof value === 'string') return resolveDynamic(value, scope, path);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) {
    return value.map((item, i) => resolve(item, scope, `${path}[${i}]`)).filter((item) => item !== NO_VALUE);
  }
  const entries = Object.entries(value);
  const [only] = entries;
  if (entries.length === 1 && only !== undefined && isIntrinsic(only[0])) {
    return applyIntrinsic(only[0], only[1], scope, path);
  }
  const members: [string, unknown][] = [];
  for (const [key, member] of entries) {
    const resolved = resolve(member, scope, `${path}.${key}`);
    if (resolved !== NO_VALUE) members.push([key, resolved]);
  }
  return Object.fromEntries(members);
}

const isIntrinsic = (key: string): boolean => key === 'Ref' || key === 'Condition' || key.startsWith('Fn::');

type Intrinsic = (argument: unknown, scope: Scope, path: string) => unknown;

function applyIntrinsic(name: string, argument: unknown, scope: Scope, path: string): unknown {
  // `Condition` is an intrinsic inside conditions and a plain key of a policy statement elsewhere.
  if (name === 'Condition') {
    return typeof argument === 'string'
      ? scope.condition(argument, path)
      : { Condition: resolve(argument, scope, path) };
  }
  const intrinsic = INTRINSICS.get(name);
  if (intrinsic === undefined) throw unresolved(path, `the intrinsic function ${name} is not supported`);
  return intrinsic(argument, scope, `${path}.${name}`);
}

const INTRINSICS: ReadonlyMap<string, Intrinsic> = new Map<string, Intrinsic>([
  ['Ref', (argument, scope, path) => (argument === 'AWS::NoValue' ? NO_VALUE : scope.ref(text(argument, path), path))],
  ['Fn::GetAtt', getAtt],
  ['Fn::Join', join],
  ['Fn::Sub', sub],
  ['Fn::Select', select],
  ['Fn::Split', split],
  ['Fn::Base64', (argument, scope, path) => Buffer.from(resolvedText(argument, scope, path)).toString('base64')],
  ['Fn::ImportValue', (argument, scope, path) => scope.importValue(resolvedText(argument, scope, path), path)],
  ['Fn::FindInMap', findInMap],
  ['Fn::If', conditional],
  ['Fn::And', (argument, scope, path) => booleans(argument, scope, path).every(Boolean)],
  ['Fn::Or', (argument, scope, path) => booleans(argument, scope, path).some(Boolean)],
  ['Fn::Not', (argument, scope, path) => !booleans(argument, scope, path)[0]],
  ['Fn::Equals', equals],
  ['Fn::GetAZs', availabilityZones],
  ['Fn::ToJsonString', (argument, scope, path) => JSON.stringify(resolve(argument, scope, path))],
  ['Fn::Length', (argument, scope, path) => list(resolve(argument, scope, path), path).length],
]);

function text(value: unknown, path: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw unresolved(path, `expected a text, found ${JSON.stringify(value)?.slice(0, 120)}`);
}

function list(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw unresolved(path, `expected a list, found ${JSON.stringify(value)?.slice(0, 120)}`);
}

const resolvedText = (argument: unknown, scope: Scope, path: string): string =>
  text(resolve(argument, scope, path), path);

function getAtt(argument: unknown, scope: Scope, path: string): unknown {
  if (typeof argument === 'string') {
    const dot = argument.indexOf('.');
    if (dot < 0) throw unresolved(path, `"${argument}" names no attribute`);
    return scope.getAtt(argument.slice(0, dot), argument.slice(dot + 1), path);
  }
  const [logicalId, ...attribute] = list(argument, path);
  const name = attribute.map((part) => resolvedText(part, scope, path)).join('.');
  return scope.getAtt(text(logicalId, path), name, path);
}

function join(argument: unknown, scope: Scope, path: string): string {
  const [delimiter, parts] = list(argument, path);
  const items = list(resolve(parts, scope, path), path);
  return items.map((item, i) => text(item, `${path}[1][${i}]`)).join(text(delimiter, path));
}

function sub(argument: unknown, scope: Scope, path: string): string {
  const [pattern, own] = typeof argument === 'string' ? [argument, {}] : list(argument, path);
  const values = resolve(own ?? {}, scope, path);
  const known = new Map(values !== null && typeof values === 'object' ? Object.entries(values) : []);
  return text(pattern, path).replace(/\$\{(!?)([^}]*)\}/g, (_whole, literal: string, raw: string) => {
    if (literal) return `\${${raw}}`;
    const name = raw.trim();
    if (known.has(name)) return text(known.get(name), path);
    const dot = name.indexOf('.');
    if (dot < 0) return text(scope.ref(name, path), path);
    return text(scope.getAtt(name.slice(0, dot), name.slice(dot + 1), path), path);
  });
}

function select(argument: unknown, scope: Scope, path: string): unknown {
  const [rawIndex, rawItems] = list(argument, path);
  const index = Number(resolvedText(rawIndex, scope, path));
  const items = list(resolve(rawItems, scope, path), path);
  if (!Number.isInteger(index) || index < 0 || index >= items.length) {
    throw unresolved(path, `there is no item ${String(rawIndex)} in a list of ${items.length}`);
  }
  return items[index];
}

function split(argument: unknown, scope: Scope, path: string): readonly string[] {
  const [delimiter, source] = list(argument, path);
  return resolvedText(source, scope, path).split(text(delimiter, path));
}

function findInMap(argument: unknown, scope: Scope, path: string): unknown {
  const [map, first, second] = list(argument, path).map((part) => resolvedText(part, scope, path));
  return scope.findInMap(map ?? '', first ?? '', second ?? '', path);
}

function conditional(argument: unknown, scope: Scope, path: string): unknown {
  const [name, whenTrue, whenFalse] = list(argument, path);
  const holds = scope.condition(text(name, path), path);
  return resolve(holds ? whenTrue : whenFalse, scope, `${path}[${holds ? 1 : 2}]`);
}

function booleans(argument: unknown, scope: Scope, path: string): readonly boolean[] {
  return list(argument, path).map((item, i) => {
    const resolved = resolve(item, scope, `${path}[${i}]`);
    if (typeof resolved === 'boolean') return resolved;
    throw unresolved(`${path}[${i}]`, 'expected a condition');
  });
}

function equals(argument: unknown, scope: Scope, path: string): boolean {
  const [left, right] = list(argument, path).map((item) => resolve(item, scope, path));
  return JSON.stringify(left) === JSON.stringify(right);
}

function availabilityZones(argument: unknown, scope: Scope, path: string): readonly string[] {
  const region = resolvedText(argument, scope, path) || scope.region;
  return ['a', 'b', 'c'].map((zone) => `${region}${zone}`);
}

function resolveDynamic(value: string, scope: Scope, path: string): string {
  if (!value.includes('{{resolve:')) return value;
  return value.replace(/\{\{resolve:([a-z-]+):([^}]+)\}\}/g, (_whole, service: string, reference: string) =>
    scope.dynamic(service, reference, path),
  );
}

/** The names that a value refers to, for the order of provisioning. Both branches of a condition count. */
export function references(value: unknown): {
  readonly names: ReadonlySet<string>;
  readonly imports: readonly unknown[];
} {
  const names = new Set<string>();
  const imports: unknown[] = [];
  collect(value, names, imports);
  return { names, imports };
}

function collect(value: unknown, names: Set<string>, imports: unknown[]): void {
  if (value === null || typeof value !== 'object') return;
  if (Array.isArray(value)) {
    for (const item of value) collect(item, names, imports);
    return;
  }
  for (const [key, member] of Object.entries(value)) {
    if (key === 'Ref' && typeof member === 'string') names.add(member);
    else if (key === 'Fn::GetAtt') collectGetAtt(member, names);
    else if (key === 'Fn::Sub') collectSub(member, names);
    else if (key === 'Fn::ImportValue') imports.push(member);
    collect(member, names, imports);
  }
}

function collectGetAtt(argument: unknown, names: Set<string>): void {
  const [first] = Array.isArray(argument) ? argument : [String(argument).split('.')[0]];
  if (typeof first === 'string') names.add(first);
}

function collectSub(argument: unknown, names: Set<string>): void {
  const pattern = Array.isArray(argument) ? argument[0] : argument;
  for (const [, name = ''] of String(pattern).matchAll(/\$\{(?!!)([^}.]*)[^}]*\}/g)) names.add(name.trim());
}
