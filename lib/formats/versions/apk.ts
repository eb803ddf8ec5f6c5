import {
  compareDigits,
  compareNumbers,
  compareSequences,
  compareTexts,
  defineScheme,
  type VersionOrder,
} from './scheme.ts';

/**
 * apk-package(5): `number{.number}…{letter}{_suffix{number}}…{~hash}{-r#}`. As the apk-tools of Alpine 3.x did, a number
 * may also follow the letter (`6.6.2p1`).
 *
 * What may come next in a version is ordered by its kind: a pre-release suffix is older than the end of the version,
 * and everything else is newer than it.
 */
const KIND = {
  preRelease: 0,
  end: 1,
  revision: 2,
  hash: 3,
  suffixNumber: 4,
  postRelease: 5,
  letter: 6,
  number: 7,
} as const;

interface Token {
  readonly kind: number;
  readonly text: string;
}

const END: Token = { kind: KIND.end, text: '' };
const PRE = ['alpha', 'beta', 'pre', 'rc'];
const POST = ['cvs', 'svn', 'git', 'hg', 'p'];
const SHAPE =
  /^(\d+(?:\.\d+)*)(?:([a-z])(\d*))?((?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)\d*)*)(?:~([0-9a-f]+))?(?:-r(\d+))?$/;

function parseApk(text: string): readonly Token[] | undefined {
  const match = SHAPE.exec(text);
  if (!match) return undefined;
  const [, numbers = '', letter, letterNumber, suffixes = '', hash, revision] = match;
  const tokens: Token[] = numbers.split('.').map((digits) => ({ kind: KIND.number, text: digits }));
  if (letter) tokens.push({ kind: KIND.letter, text: letter });
  if (letterNumber) tokens.push({ kind: KIND.number, text: letterNumber });
  for (const [, name = '', number] of suffixes.matchAll(/_([a-z]+)(\d*)/g)) {
    const pre = PRE.indexOf(name);
    tokens.push(
      pre >= 0 ? { kind: KIND.preRelease, text: `${pre}` } : { kind: KIND.postRelease, text: `${POST.indexOf(name)}` },
    );
    if (number) tokens.push({ kind: KIND.suffixNumber, text: number });
  }
  if (hash) tokens.push({ kind: KIND.hash, text: hash });
  if (revision) tokens.push({ kind: KIND.revision, text: revision });
  return tokens;
}

function compareTokens(a: Token, b: Token): VersionOrder {
  if (a.kind !== b.kind) return compareNumbers(a.kind, b.kind);
  if (a.kind === KIND.hash || a.kind === KIND.letter) return compareTexts(a.text, b.text);
  // Gentoo's rule, which apk keeps: a later number with a leading zero is compared as a fraction's digits are.
  if (a.kind === KIND.number && (a.text.startsWith('0') || b.text.startsWith('0'))) return compareTexts(a.text, b.text);
  return compareDigits(a.text || '0', b.text || '0');
}

/** The first number is compared by value, leading zeros or not. */
function compareApk(a: readonly Token[], b: readonly Token[]): VersionOrder {
  const first = compareDigits(a[0]?.text ?? '0', b[0]?.text ?? '0');
  return first || compareSequences(a.slice(1), b.slice(1), END, compareTokens);
}

export const apkScheme = defineScheme('apk', parseApk, compareApk);
