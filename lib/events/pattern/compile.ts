import { LadingError } from '../../core/errors.ts';
import type { Leaf } from './flatten.ts';
import { compileValues, RESERVED_IN_OR } from './values.ts';

/** What one field of an event must be like. */
export interface Condition {
  readonly path: string;
  accepts(value: Leaf): boolean;
  /** Whether the field may be missing (`exists: false`). */
  readonly absent: boolean;
}

/** Conditions that must all hold, in the order of their paths (UTF-16 code units, as Ruler sorts them). */
export type Rule = readonly Condition[];

/** EventBridge refuses more alternatives of `$or` than this in one pattern (User Guide, "Or matching"). */
const MAX_RULES = 1000;
/** Ruler, `GenericMachine.MAXIMUM_RULE_SIZE`. */
const MAX_CONDITIONS = 256;
const MAX_DEPTH = 100;

type Draft = ReadonlyMap<string, Condition>;
type OrMode = 'alternatives' | 'field';

/**
 * The pattern as alternatives, any of which may hold.
 *
 * A `$or` that is no list of two or more objects, or that uses an operator's name as a field, is an ordinary field
 * named `$or` (event-ruler README, "The backward compatibility of using $or as field name").
 *
 * @throws LadingError `pattern-invalid`
 */
export function compileRules(pattern: unknown): readonly Rule[] {
  try {
    return compileAs(pattern, 'alternatives');
  } catch (error) {
    try {
      return compileAs(pattern, 'field');
    } catch {
      throw error;
    }
  }
}

function compileAs(pattern: unknown, mode: OrMode): readonly Rule[] {
  const drafts = readObject(pattern, { path: '', inOr: false, depth: 0, mode }, []);
  return drafts.map((draft) => {
    if (draft.size > MAX_CONDITIONS) fail('', `it has over ${MAX_CONDITIONS} fields`);
    return [...draft.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  });
}

interface Place {
  readonly path: string;
  readonly inOr: boolean;
  readonly depth: number;
  readonly mode: OrMode;
}

function readObject(value: unknown, place: Place, before: readonly Draft[]): readonly Draft[] {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) fail(place.path, 'it must be an object');
  if (place.depth > MAX_DEPTH) fail(place.path, `it is nested over ${MAX_DEPTH} deep`);
  const entries = Object.entries(value as object);
  if (entries.length === 0) fail(place.path, 'an empty object is not allowed');
  let drafts = before;
  for (const [key, member] of entries) {
    if (key === '$or' && place.mode === 'alternatives') {
      drafts = readOr(member, place, drafts);
      continue;
    }
    const path = place.path === '' ? key : `${place.path}.${key}`;
    if (place.inOr && RESERVED_IN_OR.has(key)) fail(path, `"${key}" is an operator and cannot be a field inside $or`);
    if (Array.isArray(member)) {
      const condition: Condition = { path, ...compileValues(member, (why) => fail(path, why)) };
      // A path that is given twice is overridden by the later one, as in Ruler.
      drafts = (drafts.length === 0 ? [new Map()] : drafts).map((draft) => new Map(draft).set(path, condition));
    } else if (member !== null && typeof member === 'object') {
      drafts = readObject(member, { ...place, path, depth: place.depth + 1 }, drafts);
    } else {
      fail(path, 'it must be an object or a list of values');
    }
  }
  return drafts;
}

function readOr(member: unknown, place: Place, before: readonly Draft[]): readonly Draft[] {
  const path = place.path === '' ? '$or' : `${place.path}.$or`;
  if (!Array.isArray(member)) return fail(path, '$or must be a list of objects');
  if (member.length < 2) fail(path, '$or needs at least two objects');
  const drafts: Draft[] = [];
  for (const alternative of member) {
    drafts.push(...readObject(alternative, { ...place, inOr: true, depth: place.depth + 1 }, before));
    if (drafts.length > MAX_RULES) fail(path, `$or multiplies to over ${MAX_RULES} alternatives`);
  }
  return drafts;
}

function fail(path: string, why: string): never {
  throw new LadingError(
    'pattern-invalid',
    `the event pattern is invalid at ${path === '' ? 'its root' : path}: ${why}`,
  );
}
