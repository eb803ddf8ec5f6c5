import type { ScoreVector } from './cvss-score.ts';
import { type Severity, severities } from './model.ts';

export interface Rating {
  readonly severity: Severity;
  readonly cvss?: { readonly vector: string; readonly score: number } | undefined;
}

/** Words of GHSA, Debian ("urgency"), Ubuntu ("priority"), Red Hat, Bitnami and others. */
const WORDS: ReadonlyMap<string, Severity> = new Map<string, Severity>([
  ['critical', 'critical'],
  ['high', 'high'],
  ['important', 'high'],
  ['moderate', 'medium'],
  ['medium', 'medium'],
  ['low', 'low'],
  ['severe', 'high'],
  ['negligible', 'negligible'],
  ['none', 'negligible'],
  ['unimportant', 'negligible'],
]);

export const severityOfWord = (word: unknown): Severity =>
  (typeof word === 'string' ? WORDS.get(word.trim().toLowerCase()) : undefined) ?? 'unknown';

/**
 * The rating of an advisory: by the vector of the newest CVSS version that it carries, else by its source's word.
 * The vector is rated by its base score; what an environment makes of it is not the advisory's to say.
 */
export function rate(scoreOf: ScoreVector, vectors: readonly string[], words: readonly unknown[]): Rating {
  const scored = vectors.flatMap((vector) => scoreOf(vector) ?? []);
  const newest = scored.sort((a, b) => b.version - a.version || b.score - a.score)[0];
  if (newest) {
    const { vector, score, version } = newest;
    return { severity: levelOf(score, version), cvss: { vector, score } };
  }
  return { severity: words.map(severityOfWord).find((word) => word !== 'unknown') ?? 'unknown' };
}

/** For sources that publish a base score without its vector. */
export const severityOfScore = (score: number, version: number): Severity =>
  Number.isFinite(score) && score >= 0 && score <= 10 ? levelOf(score, version) : 'unknown';

/** The level of a vector that was scored before; only vectors of CVSS 3 and later begin with their version. */
export const ratingOfVector = (vector: string, score: number): Severity =>
  levelOf(score, Number(/^CVSS:(\d)/.exec(vector)?.[1] ?? 2));

/** "Qualitative Severity Rating Scale" of CVSS 3.0, 3.1 and 4.0; for CVSS 2.0, which has none, that of the NVD. */
function levelOf(score: number, version: number): Severity {
  if (version < 3) return score >= 7 ? 'high' : score >= 4 ? 'medium' : 'low';
  if (score === 0) return 'negligible';
  return score >= 9 ? 'critical' : score >= 7 ? 'high' : score >= 4 ? 'medium' : 'low';
}

/** Worse first; `unknown` last. */
export const compareSeverity = (a: Severity, b: Severity): number => severities.indexOf(a) - severities.indexOf(b);

export const worst = (ratings: readonly Rating[]): Rating => {
  const severity = ratings.map((rating) => rating.severity).sort(compareSeverity)[0] ?? 'unknown';
  const vector = ratings
    .flatMap((rating) => rating.cvss ?? [])
    .sort((a, b) => b.score - a.score || (a.vector < b.vector ? -1 : 1))[0];
  return vector ? { severity, cvss: vector } : { severity };
};
