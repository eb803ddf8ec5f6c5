/** The order of two versions: the first is older (-1), the same (0) or newer (1). */
export type VersionOrder = -1 | 0 | 1;

/** At least one of two texts is no version of the scheme, so nothing is said about their order. */
export type Incomparable = 'incomparable';

/**
 * How the versions of one packaging system are ordered. `compare` is a total order on the texts that `parse` accepts:
 * reflexive, antisymmetric and transitive, whatever strangers wrote into their package databases.
 */
export interface VersionScheme {
  readonly name: string;
  /** Whether the text is a version of this scheme. */
  isVersion(text: string): boolean;
  compare(a: string, b: string): VersionOrder | Incomparable;
  /** Parses one version and orders it against many; `undefined` when it is no version of this scheme. */
  orderOf(version: string): ((other: string) => VersionOrder | Incomparable) | undefined;
}

/** Longer texts are refused unread: the longest real version met in the public advisories has about 120 characters. */
const MAX_VERSION_LENGTH = 512;

/** Makes a scheme of a parser, which answers `undefined` for what is no version, and an order on what it parsed. */
export function defineScheme<V extends object>(
  name: string,
  parse: (text: string) => V | undefined,
  order: (a: V, b: V) => VersionOrder,
): VersionScheme {
  const read = (text: string): V | undefined =>
    text.length === 0 || text.length > MAX_VERSION_LENGTH ? undefined : parse(text);
  return {
    name,
    isVersion: (text) => read(text) !== undefined,
    compare: (a, b) => {
      const left = read(a);
      const right = read(b);
      return left === undefined || right === undefined ? 'incomparable' : order(left, right);
    },
    orderOf: (version) => {
      const left = read(version);
      if (left === undefined) return undefined;
      return (other) => {
        const right = read(other);
        return right === undefined ? 'incomparable' : order(left, right);
      };
    },
  };
}

export const compareNumbers = (a: number, b: number): VersionOrder => (a < b ? -1 : a > b ? 1 : 0);

/** By UTF-16 code unit, which for the ASCII that versions are made of is the order of bytes. */
export const compareTexts = (a: string, b: string): VersionOrder => (a < b ? -1 : a > b ? 1 : 0);

/** Decimal digits of any length by value: versions outgrow 2^53 (build dates, hashes read as numbers). */
export function compareDigits(a: string, b: string): VersionOrder {
  const left = withoutLeadingZeros(a);
  const right = withoutLeadingZeros(b);
  return left.length === right.length ? compareTexts(left, right) : compareNumbers(left.length, right.length);
}

function withoutLeadingZeros(digits: string): string {
  let start = 0;
  while (start < digits.length - 1 && digits.charCodeAt(start) === 48) start++;
  return start === 0 ? digits : digits.slice(start);
}

/** Lexicographic order of two sequences; where one ends, `pad` stands for the rest of it. */
export function compareSequences<T>(
  a: readonly T[],
  b: readonly T[],
  pad: T,
  order: (a: T, b: T) => VersionOrder,
): VersionOrder {
  const length = Math.max(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const result = order(i < a.length ? (a[i] as T) : pad, i < b.length ? (b[i] as T) : pad);
    if (result !== 0) return result;
  }
  return 0;
}

export const isDigitCode = (code: number): boolean => code >= 48 && code <= 57;
export const isDigits = (text: string): boolean => text.length > 0 && [...text].every((c) => c >= '0' && c <= '9');
