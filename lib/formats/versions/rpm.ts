import { compareDigits, compareTexts, defineScheme, isDigits, type VersionOrder } from './scheme.ts';

/** rpm-version(7): `[epoch:]version[-release]`. */
interface RpmVersion {
  readonly epoch: string;
  readonly version: readonly string[];
  readonly release: readonly string[] | undefined;
}

function parseRpm(text: string): RpmVersion | undefined {
  const trimmed = text.trim();
  if (trimmed === '' || /\s/.test(trimmed)) return undefined;
  const colon = trimmed.indexOf(':');
  const epoch = colon < 0 ? '0' : trimmed.slice(0, colon);
  // Some databases print an absent epoch as "(none)".
  if (!isDigits(epoch) && epoch !== '(none)') return undefined;
  const rest = trimmed.slice(colon + 1);
  const dash = rest.lastIndexOf('-');
  const version = dash < 0 ? rest : rest.slice(0, dash);
  if (version === '' || dash === rest.length - 1) return undefined;
  return {
    epoch: isDigits(epoch) ? epoch : '0',
    version: segments(version),
    release: dash < 0 ? undefined : segments(rest.slice(dash + 1)),
  };
}

/** The parts that count: digits, letters, `~` and `^`; all other characters only separate (rpmio/rpmvercmp.c). */
const segments = (text: string): readonly string[] => text.match(/\d+|[A-Za-z]+|[~^]/g) ?? [];

/**
 * rpmvercmp: a tilde sorts before the end of the version, a caret after the end but before any further part, a
 * number after a word.
 */
function compareSegments(a: readonly string[], b: readonly string[]): VersionOrder {
  const length = Math.max(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a[i];
    const right = b[i];
    const kind = kindOf(left) - kindOf(right);
    if (kind !== 0) return kind < 0 ? -1 : 1;
    if (left === undefined || right === undefined) continue;
    const order = kindOf(left) === 4 ? compareDigits(left, right) : compareTexts(left, right);
    if (order !== 0) return order;
  }
  return 0;
}

const kindOf = (part: string | undefined): number => {
  if (part === undefined) return 1;
  if (part === '~') return 0;
  if (part === '^') return 2;
  return isDigits(part) ? 4 : 3;
};

/** A version without release is compared without it (rpmVersionCompare), which would make `1-1` = `1` = `1-2`; a missing
 * release sorts first instead, so that the order stays transitive. */
function compareRelease(a: readonly string[] | undefined, b: readonly string[] | undefined): VersionOrder {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1;
  return compareSegments(a, b);
}

export const rpmScheme = defineScheme<RpmVersion>(
  'rpm',
  parseRpm,
  (a, b) =>
    compareDigits(a.epoch, b.epoch) || compareSegments(a.version, b.version) || compareRelease(a.release, b.release),
);
