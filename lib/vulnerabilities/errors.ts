import { LadingError } from '../core/errors.ts';

/**
 * Why a source was not taken over: the last good data of it stay in force.
 *
 * - `broken`: it cannot be read to its end (compression, encoding, JSON, length)
 * - `malformed`: too many of its records do not fit their format
 * - `empty`: it is well formed and says nothing
 * - `shrunk`: it lost so much since the last time that it is more likely damaged than corrected
 * - `too-large`: it crossed a cap
 * - `refused`: it may not be read (host not allowed, not https)
 * - `unreachable`: it did not answer; the same call may succeed later
 */
export const sourceProblems = [
  'broken',
  'malformed',
  'empty',
  'shrunk',
  'too-large',
  'refused',
  'unreachable',
] as const;
export type SourceProblem = (typeof sourceProblems)[number];

export class AdvisorySourceError extends LadingError {
  override readonly name = 'AdvisorySourceError';
  readonly problem: SourceProblem;

  constructor(problem: SourceProblem, message: string, cause?: unknown) {
    super(`advisory-source-${problem}`, message, { cause, retryable: problem === 'unreachable' });
    this.problem = problem;
  }
}
