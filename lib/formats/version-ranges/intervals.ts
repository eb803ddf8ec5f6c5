import { type VersionSchemeName, versionScheme } from '../versions/index.ts';

interface Bound {
  readonly version: string;
  readonly inclusive: boolean;
}

/** Versions from one bound to another; a missing bound is no bound. */
export interface Interval {
  readonly from?: Bound | undefined;
  readonly to?: Bound | undefined;
}

/** As the OSV schema writes ranges; `after` (exclusive), which it has no word for, is ours. */
export type RangeEvent = readonly [kind: 'introduced' | 'after' | 'fixed' | 'last_affected', version: string];

const ALL: Interval = {};

/**
 * Sets of versions under one scheme's order. A version that the scheme cannot order makes the result `undefined`:
 * nothing is guessed about a range that is not understood.
 */
export function intervalsOf(scheme: VersionSchemeName) {
  const order = versionScheme(scheme);
  const compare = (a: string, b: string): number => {
    const result = order.compare(a, b);
    if (result === 'incomparable') throw new Unordered();
    return result;
  };
  const startsBefore = (a: Bound | undefined, b: Bound | undefined): number => {
    if (!a || !b) return a === b ? 0 : a ? 1 : -1;
    return compare(a.version, b.version) || (a.inclusive === b.inclusive ? 0 : a.inclusive ? -1 : 1);
  };
  const endsBefore = (a: Bound | undefined, b: Bound | undefined): number => {
    if (!a || !b) return a === b ? 0 : a ? -1 : 1;
    return compare(a.version, b.version) || (a.inclusive === b.inclusive ? 0 : a.inclusive ? 1 : -1);
  };
  /** Whether nothing lies between where one ends and the other begins. */
  const meets = (to: Bound | undefined, from: Bound | undefined): boolean => {
    if (!to || !from) return true;
    const position = compare(from.version, to.version);
    return position < 0 || (position === 0 && (to.inclusive || from.inclusive));
  };
  const isEmpty = ({ from, to }: Interval): boolean => {
    if (!from || !to) return false;
    const position = compare(from.version, to.version);
    return position > 0 || (position === 0 && !(from.inclusive && to.inclusive));
  };
  const union = (intervals: readonly Interval[]): readonly Interval[] => {
    const merged: Interval[] = [];
    for (const next of intervals.filter((one) => !isEmpty(one)).sort((a, b) => startsBefore(a.from, b.from))) {
      const last = merged.at(-1);
      if (last && meets(last.to, next.from)) {
        merged[merged.length - 1] = { from: last.from, to: endsBefore(last.to, next.to) < 0 ? next.to : last.to };
      } else merged.push(next);
    }
    return merged;
  };
  const complement = (intervals: readonly Interval[]): readonly Interval[] => {
    const gaps: Interval[] = [];
    let from: Bound | undefined;
    for (const one of union(intervals)) {
      if (one.from) gaps.push({ from, to: { version: one.from.version, inclusive: !one.from.inclusive } });
      if (!one.to) return gaps.filter((gap) => !isEmpty(gap));
      from = { version: one.to.version, inclusive: !one.to.inclusive };
    }
    return [...gaps, { from }].filter((gap) => !isEmpty(gap));
  };
  const intersect = (a: readonly Interval[], b: readonly Interval[]): readonly Interval[] =>
    union(
      a.flatMap((one) =>
        b.map((other) => ({
          from: startsBefore(one.from, other.from) < 0 ? other.from : one.from,
          to: endsBefore(one.to, other.to) < 0 ? one.to : other.to,
        })),
      ),
    );
  return { union, complement, intersect };
}

/** A text is no version of its scheme. */
class Unordered extends Error {}

/** Runs set operations; `undefined` where a version has no place in the order. */
export function ordered<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof Unordered) return undefined;
    throw error;
  }
}

/** A comparison and the version it is with, as every constraint language has them. */
export function comparison(operator: string, version: string): readonly Interval[] | undefined {
  switch (operator) {
    case '<':
      return [{ to: { version, inclusive: false } }];
    case '<=':
      return [{ to: { version, inclusive: true } }];
    case '>':
      return [{ from: { version, inclusive: false } }];
    case '>=':
      return [{ from: { version, inclusive: true } }];
    case '':
    case '=':
    case '==':
      return [{ from: { version, inclusive: true }, to: { version, inclusive: true } }];
    case '!=':
      return [{ to: { version, inclusive: false } }, { from: { version, inclusive: false } }];
    default:
      return undefined;
  }
}

export const everything: readonly Interval[] = [ALL];

/** The intervals as events of one range, in ascending order where they are. */
export const toEvents = (intervals: readonly Interval[]): readonly RangeEvent[] =>
  intervals.flatMap(({ from, to }): RangeEvent[] => [
    from === undefined ? ['introduced', '0'] : [from.inclusive ? 'introduced' : 'after', from.version],
    ...(to === undefined ? [] : [[to.inclusive ? 'last_affected' : 'fixed', to.version] as RangeEvent]),
  ]);
