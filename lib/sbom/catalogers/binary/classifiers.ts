import type { Classifier } from './classifier.ts';
import { LANGUAGE_CLASSIFIERS } from './language-classifiers.ts';
import { DATABASE_CLASSIFIERS, SERVER_CLASSIFIERS } from './server-classifiers.ts';
import { TOOL_CLASSIFIERS } from './tool-classifiers.ts';

export type { Classifier, Signature } from './classifier.ts';

const classifiers: readonly Classifier[] = [
  ...LANGUAGE_CLASSIFIERS,
  ...SERVER_CLASSIFIERS,
  ...DATABASE_CLASSIFIERS,
  ...TOOL_CLASSIFIERS,
];

/** Names of files that some classifier is for, as far as they are fixed. */
export const CLASSIFIED_NAMES: readonly string[] = [...new Set(classifiers.flatMap(({ names }) => names ?? []))];

const byName = new Map(CLASSIFIED_NAMES.map((name) => [name, classifiers.filter((one) => one.names?.includes(name))]));
const byPattern = classifiers.filter((one) => one.pattern);

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

export function classifiersFor(path: string): readonly Classifier[] {
  const name = nameOf(path);
  const patterned = byPattern.flatMap((one) => {
    const match = one.pattern?.exec(name);
    return match ? [one.forName && match[1] !== undefined ? { ...one, signatures: one.forName(match[1]) } : one] : [];
  });
  return [...(byName.get(name) ?? []), ...patterned];
}

export function isClassifiedName(path: string): boolean {
  const name = nameOf(path);
  return byName.has(name) || byPattern.some(({ pattern }) => pattern?.test(name));
}

/** Files that some cataloger would take for software of its own, unless a package of the distribution has them. */
export const isClaimedName = (path: string): boolean => isClassifiedName(path) || nameOf(path) === 'release';
