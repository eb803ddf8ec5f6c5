import {
  compareDigits,
  compareNumbers,
  compareSequences,
  defineScheme,
  isDigits,
  type VersionOrder,
} from './scheme.ts';

/**
 * PHP's `version_compare` (ext/standard/versioning.c), which Composer builds on. `#`, by which PHP matches any
 * number, is refused: with it the comparison is no order.
 */
function parsePackagist(text: string): readonly string[] | undefined {
  const trimmed = text.trim().replace(/^[vV](?=\d)/, '');
  if (!/^[0-9A-Za-z]/.test(trimmed) || /[^0-9A-Za-z.+_~@/-]/.test(trimmed)) return undefined;
  return trimmed.match(/\d+|[A-Za-z]+/g) ?? undefined;
}

/** PHP takes the first of these that the word begins with; case counts only where it lists both. */
const FORMS: readonly (readonly [prefix: string, rank: number])[] = [
  ['dev', 1],
  ['alpha', 2],
  ['a', 2],
  ['beta', 3],
  ['b', 3],
  ['RC', 4],
  ['rc', 4],
  ['pl', 7],
  ['p', 7],
];
const END_RANK = 5;
const NUMBER_RANK = 6;
const END = '';

function rankOf(part: string): number {
  if (part === END) return END_RANK;
  if (isDigits(part)) return NUMBER_RANK;
  return FORMS.find(([prefix]) => part.startsWith(prefix))?.[1] ?? 0;
}

function compareParts(a: string, b: string): VersionOrder {
  const rank = rankOf(a);
  return compareNumbers(rank, rankOf(b)) || (rank === NUMBER_RANK ? compareDigits(a, b) : 0);
}

export const packagistScheme = defineScheme('packagist', parsePackagist, (a, b) =>
  compareSequences(a, b, END, compareParts),
);
