import {
  compareDigits,
  compareNumbers,
  compareSequences,
  compareTexts,
  defineScheme,
  isDigits,
  type VersionOrder,
} from './scheme.ts';

/** One token of the "Version Order Specification" in Maven's POM reference, with the separator before it. */
interface Token {
  readonly separator: '.' | '-';
  readonly text: string;
}

const RELEASE = '';
const END: Token = { separator: '-', text: RELEASE };
const KNOWN: ReadonlyMap<string, number> = new Map([
  ['alpha', 0],
  ['beta', 1],
  ['milestone', 2],
  ['rc', 3],
  ['snapshot', 4],
  [RELEASE, 5],
  ['sp', 6],
]);
const OTHER = 7;
const SHORT: ReadonlyMap<string, string> = new Map([
  ['a', 'alpha'],
  ['b', 'beta'],
  ['m', 'milestone'],
]);
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['cr', 'rc'],
  ['ga', RELEASE],
  ['final', RELEASE],
  ['release', RELEASE],
]);

function parseMaven(text: string): readonly Token[] | undefined {
  const version = text.trim().toLowerCase();
  if (version === '' || /\s/.test(version)) return undefined;
  return trim(tokensOf(version));
}

/** Splits at dots, hyphens and between digits and characters, which counts as a hyphen; an empty token is a zero. */
function tokensOf(version: string): Token[] {
  const tokens: Token[] = [];
  let separator: Token['separator'] = '.';
  for (const piece of version.split(/([.-])/)) {
    if (piece === '.' || piece === '-') {
      separator = piece;
      continue;
    }
    const runs = piece.match(/\d+|\D+/g) ?? ['0'];
    runs.forEach((run, i) => {
      const before = i === 0 ? separator : '-';
      tokens.push(isDigits(run) ? { separator: before, text: run } : qualifier(run, i < runs.length - 1));
    });
  }
  return tokens;
}

/** `.qualifier` and `-qualifier` are the same, so all get the hyphen. */
function qualifier(word: string, beforeDigit: boolean): Token {
  const text = (beforeDigit ? SHORT.get(word) : undefined) ?? ALIASES.get(word) ?? word;
  return { separator: '-', text };
}

/** Drops what equals nothing (zeros, `ga`, `final`) at the end and before each hyphen: 1.0.0-foo.0 is 1-foo. */
function trim(tokens: readonly Token[]): readonly Token[] {
  const kept: Token[] = [];
  const dropEmpty = (): void => {
    while (kept.length > 1 && isEmpty(kept.at(-1) as Token)) kept.pop();
  };
  for (const token of tokens) {
    if (token.separator === '-') dropEmpty();
    kept.push(token);
  }
  dropEmpty();
  return kept;
}

const isEmpty = (token: Token): boolean => token.text === RELEASE || /^0+$/.test(token.text);

/** `qualifier` < `-number` < `.number`; the end of a version stands where the qualifier "" does. */
function compareTokens(a: Token, b: Token): VersionOrder {
  const kind = kindOf(a);
  const byKind = compareNumbers(kind, kindOf(b));
  if (byKind !== 0) return byKind;
  if (kind > 0) return compareDigits(a.text, b.text);
  const rank = KNOWN.get(a.text) ?? OTHER;
  return compareNumbers(rank, KNOWN.get(b.text) ?? OTHER) || (rank === OTHER ? compareTexts(a.text, b.text) : 0);
}

const kindOf = (token: Token): number => (isDigits(token.text) ? (token.separator === '-' ? 1 : 2) : 0);

export const mavenScheme = defineScheme('maven', parseMaven, (a, b) => compareSequences(a, b, END, compareTokens));
