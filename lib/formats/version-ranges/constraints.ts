import { Range } from 'semver';
import type { VersionSchemeName } from '../versions/index.ts';
import { comparison, everything, type Interval, intervalsOf, ordered } from './intervals.ts';

const MAX_TEXT = 4096;

/** npm's ranges (`>=1.2 <2 || 3.x`), read by npm's own library. `undefined` for what it refuses. */
export function npmRange(text: string): readonly Interval[] | undefined {
  if (text.length > MAX_TEXT) return undefined;
  let range: Range;
  try {
    range = new Range(text, { loose: true, includePrerelease: true });
  } catch {
    return undefined;
  }
  const { union, intersect } = intervalsOf('semver');
  return ordered(() =>
    union(
      range.set.flatMap((alternatives) =>
        alternatives.reduce<readonly Interval[]>((left, { operator, semver }) => {
          // The comparator that admits everything has no version.
          if (!semver?.version) return left;
          return intersect(left, comparison(operator, semver.version) ?? []);
        }, everything),
      ),
    ),
  );
}

/** RubyGems' requirements (`~> 1.2, >= 1.2.3`): all parts hold. `Gem::Requirement`. */
export function gemRequirement(text: string): readonly Interval[] | undefined {
  return allOf('rubygems', text.split(','), (operator, version) => {
    if (operator !== '~>') return comparison(operator, version);
    const bound = pessimisticBound(version);
    return bound === undefined
      ? undefined
      : [{ from: { version, inclusive: true }, to: { version: bound, inclusive: false } }];
  });
}

/** `~> 1.2.3` ends before every 1.3, pre-releases of it included: `A` comes before all other letters. */
function pessimisticBound(version: string): string | undefined {
  const numbers = /^\d+(?:\.\d+)*/.exec(version)?.[0].split('.');
  if (!numbers) return undefined;
  const kept = numbers.length > 1 ? numbers.slice(0, -1) : numbers;
  const last = kept.at(-1) ?? '0';
  return [...kept.slice(0, -1), String(BigInt(last) + 1n), 'A'].join('.');
}

/** Composer's constraints of one branch, as the advisories write them: a list of comparisons that all hold. */
export const composerConstraints = (parts: readonly string[]): readonly Interval[] | undefined =>
  allOf('packagist', parts, comparison);

function allOf(
  scheme: VersionSchemeName,
  parts: readonly string[],
  read: (operator: string, version: string) => readonly Interval[] | undefined,
): readonly Interval[] | undefined {
  const { intersect } = intervalsOf(scheme);
  return ordered(() => {
    let result = everything;
    for (const part of parts) {
      const match = /^\s*(~>|[<>=!]{0,2})\s*(\S+)\s*$/.exec(part.slice(0, 200));
      const interval = match?.[2] === undefined ? undefined : read(match[1] ?? '', match[2]);
      if (!interval) return undefined;
      result = intersect(result, interval);
    }
    return result;
  });
}
