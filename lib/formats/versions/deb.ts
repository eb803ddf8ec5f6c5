import { compareDigits, compareNumbers, defineScheme, isDigitCode, isDigits, type VersionOrder } from './scheme.ts';

/** Debian Policy 5.6.12, `[epoch:]upstream_version[-debian_revision]`. */
interface DebVersion {
  readonly epoch: string;
  readonly upstream: string;
  readonly revision: string;
}

const CHARACTERS = /^[A-Za-z0-9.+~:_-]+$/;

/** Reads as dpkg does (`parseversion` in lib/dpkg/parsehelp.c); an underscore, which it only warns about, is let pass. */
function parseDeb(text: string): DebVersion | undefined {
  const trimmed = text.trim();
  if (!CHARACTERS.test(trimmed)) return undefined;
  const colon = trimmed.indexOf(':');
  const epoch = colon < 0 ? '0' : trimmed.slice(0, colon);
  if (!isDigits(epoch)) return undefined;
  const rest = trimmed.slice(colon + 1);
  const dash = rest.lastIndexOf('-');
  const upstream = dash < 0 ? rest : rest.slice(0, dash);
  const revision = dash < 0 ? '' : rest.slice(dash + 1);
  if (upstream === '' || (dash >= 0 && revision === '') || revision.includes(':')) return undefined;
  return { epoch, upstream, revision };
}

/** Where a character sorts outside of numbers: `~` before the end of the part, then letters, then all others. */
function rank(text: string, index: number): number {
  if (index >= text.length) return 0;
  const code = text.charCodeAt(index);
  if (isDigitCode(code)) return 0;
  if (code === 126) return -1;
  const isLetter = (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
  return isLetter ? code : code + 256;
}

/** Alternating runs of non-digits and digits, from left to right (dpkg's `verrevcmp`). */
function comparePart(a: string, b: string): VersionOrder {
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    while (isText(a, i) || isText(b, j)) {
      const order = compareNumbers(rank(a, i), rank(b, j));
      if (order !== 0) return order;
      i++;
      j++;
    }
    const left = digitsAt(a, i);
    const right = digitsAt(b, j);
    const order = compareDigits(left || '0', right || '0');
    if (order !== 0) return order;
    i += left.length;
    j += right.length;
  }
  return 0;
}

const isText = (text: string, index: number): boolean => index < text.length && !isDigitCode(text.charCodeAt(index));

function digitsAt(text: string, start: number): string {
  let end = start;
  while (end < text.length && isDigitCode(text.charCodeAt(end))) end++;
  return text.slice(start, end);
}

export const debScheme = defineScheme<DebVersion>(
  'deb',
  parseDeb,
  (a, b) =>
    compareDigits(a.epoch, b.epoch) || comparePart(a.upstream, b.upstream) || comparePart(a.revision, b.revision),
);
