import { type Incomparable, type VersionOrder, type VersionSchemeName, versionScheme } from '../versions/index.ts';
import type { OsvEventKind } from './record.ts';

/** A range of versions, its events in ascending order (`sortEvents`). */
export interface VersionRange {
  readonly scheme: VersionSchemeName;
  readonly events: readonly RangeEvent[];
}

/** OSV's events and `after`, the exclusive form of `introduced`, which other formats of advisories have (`>1.2`). */
export type RangeEventKind = OsvEventKind | 'after';
export type RangeEvent = readonly [kind: RangeEventKind, version: string];

/**
 * Whether a version is in a range. Where it is, `end` says how the range ends for it: at a fix, after a version that
 * was the last known to be affected, or not at all. `undecided`: the version, or one of the range, cannot be ordered.
 */
export type RangeResult =
  | { readonly kind: 'affected'; readonly end: 'fixed' | 'last-affected' | 'open'; readonly fix?: string }
  | { readonly kind: 'not-affected' }
  | { readonly kind: 'undecided' };

const TIES: Readonly<Record<RangeEventKind, number>> = {
  introduced: 0,
  last_affected: 1,
  fixed: 2,
  after: 3,
  limit: 4,
};

/** Ascending by version; at one version the introduction comes first, so that a fix at the same version wins. */
export function sortEvents(scheme: VersionSchemeName, events: readonly RangeEvent[]): readonly RangeEvent[] {
  const { compare } = versionScheme(scheme);
  return [...events].sort(([kindA, a], [kindB, b]) => {
    const order = isZero(kindA, a) || isZero(kindB, b) ? zeroFirst(kindA, a, kindB, b) : compare(a, b);
    return (order === 'incomparable' ? 0 : order) || TIES[kindA] - TIES[kindB];
  });
}

/** `introduced: 0` sorts before any version, whatever the scheme makes of "0" ("Special values"). */
const isZero = (kind: RangeEventKind, version: string): boolean => kind === 'introduced' && version === '0';
const zeroFirst = (kindA: RangeEventKind, a: string, kindB: RangeEventKind, b: string): VersionOrder =>
  isZero(kindA, a) === isZero(kindB, b) ? 0 : isZero(kindA, a) ? -1 : 1;

/** One range for many versions of a package: OSV schema, "Evaluation", `BeforeLimits` and `IncludedInRanges`. */
export function evaluateRange(range: VersionRange, version: string): RangeResult {
  const order = versionScheme(range.scheme).orderOf(version);
  if (order === undefined) return { kind: 'undecided' };
  const limits = range.events.filter(([kind]) => kind === 'limit');
  const beforeLimits = limits.map(([, limit]): VersionOrder | Incomparable => (limit === '*' ? -1 : order(limit)));
  if (beforeLimits.includes('incomparable')) return { kind: 'undecided' };
  if (limits.length > 0 && !beforeLimits.includes(-1)) return { kind: 'not-affected' };

  let affected = false;
  let end: { kind: 'fixed' | 'last-affected'; version: string } | undefined;
  for (const [kind, at] of range.events) {
    if (kind === 'limit') continue;
    const position = isZero(kind, at) ? 1 : order(at);
    if (position === 'incomparable') return { kind: 'undecided' };
    if (kind === 'introduced') {
      if (position >= 0) affected = true;
    } else if (kind === 'after') {
      if (position > 0) affected = true;
    } else if (kind === 'fixed') {
      if (position >= 0) affected = false;
      else end ??= { kind: 'fixed', version: at };
    } else if (position > 0) affected = false;
    else end ??= { kind: 'last-affected', version: at };
  }
  if (!affected) return { kind: 'not-affected' };
  if (end === undefined) return { kind: 'affected', end: 'open' };
  return end.kind === 'fixed'
    ? { kind: 'affected', end: 'fixed', fix: end.version }
    : { kind: 'affected', end: 'last-affected' };
}
