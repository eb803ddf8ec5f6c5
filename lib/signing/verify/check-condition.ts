import { canonicalJson } from '../../core/json.ts';
import type { Condition } from './model.ts';

const ABSENT = Symbol('absent');

/** RFC 6901. Objects of strangers have no prototype; own members alone are looked at all the same. */
function lookUp(value: unknown, pointer: string): unknown {
  let at = value;
  for (const token of pointer.split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(at)) at = /^(?:0|[1-9]\d*)$/.test(key) && Number(key) < at.length ? at[Number(key)] : ABSENT;
    else if (at !== null && typeof at === 'object' && Object.hasOwn(at, key)) at = (at as Record<string, unknown>)[key];
    else return ABSENT;
  }
  return at;
}

/** RFC 3339 with a zone; anything else is no time. */
function timeOf(value: unknown): number {
  const form = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;
  return typeof value === 'string' && form.test(value) ? Date.parse(value) : Number.NaN;
}

/** Whether the predicate passes the test. What is not there, or of another kind, passes none. */
export function checkCondition(condition: Condition, predicate: unknown, now: Date): boolean {
  const found = lookUp(predicate, condition.path);
  if (found === ABSENT) return false;
  if ('equals' in condition) return canonicalJson(found) === canonicalJson(condition.equals);
  if ('oneOf' in condition) return condition.oneOf.some((one) => canonicalJson(one) === canonicalJson(found));
  if ('atMost' in condition) return typeof found === 'number' && found <= condition.atMost;
  if ('atLeast' in condition) return typeof found === 'number' && found >= condition.atLeast;
  const time = timeOf(found);
  if ('inFuture' in condition) return time > now.getTime();
  const age = now.getTime() - time;
  return age >= 0 && age <= condition.withinSeconds * 1000;
}

/** For people: what was asked. */
export function describeCondition(condition: Condition): string {
  const { path } = condition;
  if ('equals' in condition) return `${path} is ${canonicalJson(condition.equals)}`;
  if ('oneOf' in condition) return `${path} is one of ${canonicalJson(condition.oneOf)}`;
  if ('atMost' in condition) return `${path} is at most ${condition.atMost}`;
  if ('atLeast' in condition) return `${path} is at least ${condition.atLeast}`;
  if ('inFuture' in condition) return `${path} lies ahead`;
  return `${path} is at most ${condition.withinSeconds} s old`;
}
