import {
  compareDigits,
  compareNumbers,
  compareSequences,
  compareTexts,
  defineScheme,
  isDigits,
  type VersionOrder,
} from './scheme.ts';

/** PEP 440 (PyPA "Version specifiers"), or a text from before it. */
type PythonVersion =
  | {
      readonly kind: 'pep440';
      readonly epoch: string;
      readonly release: readonly string[];
      readonly pre: readonly [letter: 'a' | 'b' | 'rc', number: string] | undefined;
      readonly post: string | undefined;
      readonly dev: string | undefined;
      readonly local: readonly string[] | undefined;
    }
  | { readonly kind: 'legacy'; readonly parts: readonly string[] };

// PEP 440, Appendix B.
const SHAPE =
  /^v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(a|b|c|rc|alpha|beta|pre|preview)[-_.]?(\d*))?(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d*))?(?:[-_.]?(dev)[-_.]?(\d*))?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?$/;
const PRE: ReadonlyMap<string, 'a' | 'b' | 'rc'> = new Map([
  ['a', 'a'],
  ['alpha', 'a'],
  ['b', 'b'],
  ['beta', 'b'],
  ['c', 'rc'],
  ['rc', 'rc'],
  ['pre', 'rc'],
  ['preview', 'rc'],
]);

function parsePython(text: string): PythonVersion | undefined {
  const version = text.trim().toLowerCase();
  if (version === '') return undefined;
  const match = SHAPE.exec(version);
  if (!match) return /[a-z0-9]/.test(version) ? { kind: 'legacy', parts: legacyParts(version) } : undefined;
  const [, epoch = '0', release = '', preName = '', preNumber, dashPost, postName, postNumber, dev, devNumber, local] =
    match;
  const pre = PRE.get(preName);
  return {
    kind: 'pep440',
    epoch,
    release: release.split('.'),
    pre: pre && [pre, preNumber || '0'],
    post: dashPost ?? (postName === undefined ? undefined : postNumber || '0'),
    dev: dev === undefined ? undefined : devNumber || '0',
    local: local?.split(/[-_.]/),
  };
}

/**
 * Texts that PEP 440 does not admit were ordered by setuptools' `parse_version`, always before all others; advisories
 * and old installations still hold some.
 */
function legacyParts(version: string): readonly string[] {
  const parts: string[] = [];
  for (const run of version.match(/\d+|[a-z]+|-|[^\da-z.-]+/g) ?? []) {
    if (isDigits(run)) {
      parts.push(run);
      continue;
    }
    const word = LEGACY_WORDS.get(run) ?? run;
    if (word < 'final') while (parts.at(-1) === 'final-') parts.pop();
    while (/^0+$/.test(parts.at(-1) ?? '')) parts.pop();
    parts.push(word);
  }
  while (/^0+$/.test(parts.at(-1) ?? '')) parts.pop();
  return [...parts, 'final'];
}

const LEGACY_WORDS: ReadonlyMap<string, string> = new Map([
  ['pre', 'c'],
  ['preview', 'c'],
  ['rc', 'c'],
  ['-', 'final-'],
  ['dev', '@'],
]);

function comparePython(a: PythonVersion, b: PythonVersion): VersionOrder {
  if (a.kind === 'legacy' || b.kind === 'legacy') {
    if (a.kind !== 'legacy') return 1;
    if (b.kind !== 'legacy') return -1;
    return compareSequences(a.parts, b.parts, '', compareLegacyParts);
  }
  return (
    compareDigits(a.epoch, b.epoch) ||
    compareSequences(a.release, b.release, '0', compareDigits) ||
    comparePre(a, b) ||
    compareAbsentFirst(a.post, b.post) ||
    compareDev(a.dev, b.dev) ||
    compareLocal(a.local, b.local)
  );
}

/** Words before numbers; the end ('') before both. */
function compareLegacyParts(a: string, b: string): VersionOrder {
  const kind = (part: string): number => (part === '' ? 0 : isDigits(part) ? 2 : 1);
  return compareNumbers(kind(a), kind(b)) || (isDigits(a) ? compareDigits(a, b) : compareTexts(a, b));
}

type Modern = Extract<PythonVersion, { kind: 'pep440' }>;

/** `1.0.dev1` comes before `1.0a1`: a development release of the final version is older than its pre-releases. */
function comparePre(a: Modern, b: Modern): VersionOrder {
  const rank = (v: Modern): number => {
    if (v.pre) return { a: 1, b: 2, rc: 3 }[v.pre[0]];
    return v.post === undefined && v.dev !== undefined ? 0 : 4;
  };
  return compareNumbers(rank(a), rank(b)) || (a.pre && b.pre ? compareDigits(a.pre[1], b.pre[1]) : 0);
}

function compareAbsentFirst(a: string | undefined, b: string | undefined): VersionOrder {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1;
  return compareDigits(a, b);
}

function compareDev(a: string | undefined, b: string | undefined): VersionOrder {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1;
  return compareDigits(a, b);
}

/** No local part first; then part by part, words before numbers, the shorter first. */
function compareLocal(a: readonly string[] | undefined, b: readonly string[] | undefined): VersionOrder {
  return compareSequences(a ?? [], b ?? [], '', compareLegacyParts);
}

export const pep440Scheme = defineScheme('pep440', parsePython, comparePython);
