import {
  compareDigits,
  compareNumbers,
  compareSequences,
  compareTexts,
  defineScheme,
  isDigits,
  type VersionOrder,
} from './scheme.ts';

/** Arch Linux, `[epoch:]version[-pkgrel]` (PKGBUILD(5), vercmp(8)). */
interface AlpmVersion {
  readonly epoch: string;
  readonly version: readonly Token[];
  readonly release: readonly Token[] | undefined;
}

/** A run of digits or letters with the number of other characters before it; the end is a run of nothing. */
interface Token {
  readonly separators: number;
  readonly text: string;
}

const END: Token = { separators: 0, text: '' };

function parseAlpm(text: string): AlpmVersion | undefined {
  if (!/^[A-Za-z0-9.+_:~-]+$/.test(text)) return undefined;
  const [, epoch = '0', version = '', release] = /^(?:(\d+):)?([^-]+)(?:-([^-]+))?$/.exec(text) ?? [];
  if (version === '') return undefined;
  return { epoch, version: tokensOf(version), release: release === undefined ? undefined : tokensOf(release) };
}

function tokensOf(text: string): readonly Token[] {
  const tokens = [...text.matchAll(/([^A-Za-z0-9]*)(\d+|[A-Za-z]+|$)/g)];
  return tokens
    .map(([, separators = '', run = '']) => ({ separators: separators.length, text: run }))
    .filter((token) => token.separators > 0 || token.text !== '');
}

const kindOf = ({ text }: Token): number => (text === '' ? 1 : isDigits(text) ? 2 : 0);

/** `rpmvercmp` of lib/libalpm/version.c: fewer separators are older; then letters, the end, digits. */
function compareTokens(a: Token, b: Token): VersionOrder {
  return (
    compareNumbers(a.separators, b.separators) ||
    compareNumbers(kindOf(a), kindOf(b)) ||
    (kindOf(a) === 2 ? compareDigits(a.text, b.text) : compareTexts(a.text, b.text))
  );
}

/** vercmp leaves the release out where one side has none; a missing one sorts first here, so that the order stays transitive. */
function compareRelease(a: AlpmVersion['release'], b: AlpmVersion['release']): VersionOrder {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1;
  return compareSequences(a, b, END, compareTokens);
}

export const alpmScheme = defineScheme<AlpmVersion>(
  'alpm',
  parseAlpm,
  (a, b) =>
    compareDigits(a.epoch, b.epoch) ||
    compareSequences(a.version, b.version, END, compareTokens) ||
    compareRelease(a.release, b.release),
);
