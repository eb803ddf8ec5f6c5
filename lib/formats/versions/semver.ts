import { compareDigits, compareSequences, compareTexts, defineScheme, isDigits, type VersionOrder } from './scheme.ts';

/** Semantic Versioning 2.0.0, with a leading `v` and absent minor and patch numbers (as zero) allowed. */
interface Semver {
  readonly core: readonly [major: string, minor: string, patch: string];
  readonly preRelease: readonly string[];
  readonly build: readonly string[];
}

const SHAPE =
  /^[vV]?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$/;

function parseSemver(text: string): Semver | undefined {
  const match = SHAPE.exec(text.trim());
  if (!match) return undefined;
  const [, major = '0', minor = '0', patch = '0', preRelease, build] = match;
  return { core: [major, minor, patch], preRelease: preRelease?.split('.') ?? [], build: build?.split('.') ?? [] };
}

/** Section 11: numbers, then pre-release identifiers; build metadata does not count. */
function compareSemver(a: Semver, b: Semver): VersionOrder {
  return compareSequences(a.core, b.core, '0', compareDigits) || comparePreRelease(a.preRelease, b.preRelease);
}

/** Section 11.3 and 11.4: a version without pre-release identifiers is newer than with; more identifiers are newer. */
function comparePreRelease(a: readonly string[], b: readonly string[]): VersionOrder {
  if (a.length === 0 || b.length === 0) return a.length === b.length ? 0 : a.length === 0 ? 1 : -1;
  return compareIdentifierLists(a, b);
}

/** Identifier by identifier; the shorter list is older where it is the beginning of the longer. */
const compareIdentifierLists = (a: readonly string[], b: readonly string[]): VersionOrder =>
  compareSequences<string | undefined>(a, b, undefined, (left, right) =>
    left === undefined || right === undefined
      ? left === right
        ? 0
        : left === undefined
          ? -1
          : 1
      : compareIdentifiers(left, right),
  );

/** Numeric identifiers by value and before alphanumeric ones, which go by ASCII order. */
function compareIdentifiers(a: string, b: string): VersionOrder {
  const numeric = isDigits(a);
  if (numeric !== isDigits(b)) return numeric ? -1 : 1;
  return numeric ? compareDigits(a, b) : compareTexts(a, b);
}

export const semverScheme = defineScheme('semver', parseSemver, compareSemver);

/** Dart's pub: as semver, but build metadata counts and comes after the version without (pub_semver, `Version.compareTo`). */
export const pubScheme = defineScheme(
  'pub',
  parseSemver,
  (a, b) => compareSemver(a, b) || compareIdentifierLists(a.build, b.build),
);

/**
 * Go: semver for modules. The toolchain's own names (`go1.21rc2`, `go1.21.0 X:boringcrypto`) are read as the Go
 * vulnerability database writes them (`1.21.0-rc.2`).
 */
export const goScheme = defineScheme(
  'go',
  (text) => {
    const toolchain = /^(?:go)?(\d+(?:\.\d+){0,2})(alpha|beta|rc)(\d+)(?:\s.*)?$/.exec(text);
    if (toolchain) return parseSemver(`${padCore(toolchain[1] ?? '0')}-${toolchain[2]}.${toolchain[3]}`);
    return parseSemver(text.startsWith('go') ? (text.slice(2).split(' ', 1)[0] ?? '') : text);
  },
  compareSemver,
);

const padCore = (core: string): string => [...core.split('.'), '0', '0'].slice(0, 3).join('.');

/** NuGet: one to four numbers, and pre-release identifiers without regard to case ("Package versioning"). */
export const nugetScheme = defineScheme(
  'nuget',
  (text) => {
    const match =
      /^[vV]?(\d+(?:\.\d+){0,3})(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/.exec(
        text.trim(),
      );
    if (!match) return undefined;
    return { core: (match[1] ?? '').split('.'), preRelease: match[2]?.toLowerCase().split('.') ?? [] };
  },
  (a, b) => compareSequences(a.core, b.core, '0', compareDigits) || comparePreRelease(a.preRelease, b.preRelease),
);
