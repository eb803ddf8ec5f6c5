import { schemeOf, type VersionSchemeName } from '../versions/index.ts';
import { comparison, everything, type Interval, intervalsOf, ordered } from './intervals.ts';

export interface VersRange {
  readonly scheme: VersionSchemeName;
  readonly intervals: readonly Interval[];
}

/** Versioning schemes of the `vers` specification (package-url/vers-spec, VERSION-RANGE-SPEC) and their orders here. */
const SCHEMES: ReadonlyMap<string, VersionSchemeName> = new Map<string, VersionSchemeName>([
  ['alpine', 'apk'],
  ['apk', 'apk'],
  ['cargo', 'semver'],
  ['composer', 'packagist'],
  ['cran', 'cran'],
  ['deb', 'deb'],
  ['gem', 'rubygems'],
  ['generic', 'semver'],
  ['golang', 'go'],
  ['hackage', 'hackage'],
  ['hex', 'semver'],
  ['maven', 'maven'],
  ['npm', 'semver'],
  ['nuget', 'nuget'],
  ['pub', 'pub'],
  ['pypi', 'pep440'],
  ['rpm', 'rpm'],
  ['semver', 'semver'],
]);

const MAX_TEXT = 8192;
const SHAPE = /^vers:([a-z][a-z0-9.-]*)\/(.+)$/;

/**
 * Reads `vers:npm/>=1.0.0|<2.0.0|!=1.5.0`. A version is in the range if it equals one of the `=` constraints, or lies in
 * one of the intervals that the comparisons make in pairs, and equals none of the `!=` ones. `undefined` for what is no
 * range, of an unknown scheme, or not in ascending order of its versions (which the specification asks for).
 */
export function parseVers(text: string): VersRange | undefined {
  if (text.length > MAX_TEXT) return undefined;
  const [, name = '', constraints = ''] = SHAPE.exec(text.trim()) ?? [];
  const scheme = SCHEMES.get(name) ?? schemeOf(name);
  if (scheme === undefined) return undefined;
  if (constraints.trim() === '*') return { scheme, intervals: everything };
  const parts = constraints.split('|').map((part) => /^\s*(>=|<=|!=|[<>=]?)\s*([^<>=!|*\s]+)\s*$/.exec(part));
  const pairs = parts.map((match) => match && ([match[1] ?? '', decode(match[2] ?? '')] as const));
  if (pairs.some((pair) => pair === null || pair[1] === undefined)) return undefined;
  const intervals = ordered(() => evaluate(scheme, pairs as readonly (readonly [string, string])[]));
  return intervals && { scheme, intervals };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function evaluate(scheme: VersionSchemeName, pairs: readonly (readonly [string, string])[]): readonly Interval[] {
  const { union, complement, intersect } = intervalsOf(scheme);
  const equal: Interval[] = [];
  const unequal: Interval[] = [];
  const spans: Interval[] = [];
  let open: Interval | undefined;
  let sawRange = false;
  for (const [operator, version] of pairs) {
    const point = comparison('=', version) ?? [];
    if (operator === '' || operator === '=') equal.push(...point);
    else if (operator === '!=') unequal.push(...point);
    else {
      sawRange = true;
      const inclusive = operator.endsWith('=');
      if (operator.startsWith('>')) open ??= { from: { version, inclusive } };
      else {
        spans.push({ ...open, to: { version, inclusive } });
        open = undefined;
      }
    }
  }
  if (open) spans.push(open);
  const base = sawRange || equal.length > 0 ? [...spans, ...equal] : everything;
  return intersect(union(base), complement(unequal));
}
