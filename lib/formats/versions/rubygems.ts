import { compareDigits, compareSequences, compareTexts, defineScheme, isDigits, type VersionOrder } from './scheme.ts';

// Gem::Version::VERSION_PATTERN of rubygems, and letters right after the first number, which old gems have.
const SHAPE = /^[0-9][0-9a-zA-Z]*(?:\.[0-9a-zA-Z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;

function parseGem(text: string): readonly string[] | undefined {
  const trimmed = text.trim();
  if (!SHAPE.test(trimmed)) return undefined;
  const segments = trimmed.replaceAll('-', '.pre.').match(/[0-9]+|[a-zA-Z]+/g) ?? [];
  const word = segments.findIndex((segment) => !isDigits(segment));
  if (word < 0) return withoutTrailingZeros(segments);
  return [...withoutTrailingZeros(segments.slice(0, word)), ...withoutTrailingZeros(segments.slice(word))];
}

/** `Gem::Version#canonical_segments`: 1.0.0 is 1, and 1.0.0.rc1 is 1.rc1. */
function withoutTrailingZeros(segments: readonly string[]): readonly string[] {
  let end = segments.length;
  while (end > 0 && /^0+$/.test(segments[end - 1] as string)) end--;
  return segments.slice(0, end);
}

/** Words are pre-releases: they come before any number, and before the end of a version (which counts as 0). */
function compareSegments(a: string, b: string): VersionOrder {
  const numeric = isDigits(a);
  if (numeric !== isDigits(b)) return numeric ? 1 : -1;
  return numeric ? compareDigits(a, b) : compareTexts(a, b);
}

export const rubygemsScheme = defineScheme('rubygems', parseGem, (a, b) =>
  compareSequences(a, b, '0', compareSegments),
);
