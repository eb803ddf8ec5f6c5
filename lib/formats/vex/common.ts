import { z } from 'zod';
import { LadingError, LimitExceededError } from '../../core/errors.ts';
import { MAX_STATEMENTS, type VexStatement } from './model.ts';

export const text = z.string().max(16 * 1024);

export const vexInvalid = (what: string, why: string): LadingError =>
  new LadingError('vex-invalid', `the document is no ${what}: ${why.slice(0, 500)}`);

/** Times with any offset, as UTC; the default where there is none that can be read. */
export function toInstant(given: string | undefined, otherwise: string): string {
  const time = given === undefined ? Number.NaN : Date.parse(given);
  return Number.isNaN(time) ? otherwise : new Date(time).toISOString();
}

/** What a document without any time is dated to: everything else is newer. */
export const NO_TIME = new Date(0).toISOString();

/** Collects statements up to the cap. */
export function statementList(): { readonly all: VexStatement[]; add(statement: VexStatement): void } {
  const all: VexStatement[] = [];
  return {
    all,
    add(statement) {
      if (all.length >= MAX_STATEMENTS) {
        throw new LimitExceededError('vex-statements', `the document has over ${MAX_STATEMENTS} statements`);
      }
      all.push(statement);
    },
  };
}

/** The first sentence of several that is there. */
export const firstOf = (...texts: readonly (string | undefined)[]): string | undefined =>
  texts.find((one) => one !== undefined && one.trim() !== '');
