import { DEPTH_LIMIT, type Work } from './work.ts';

/** A JSON value that is neither object nor array. */
export type Leaf = string | number | boolean | null;

/** Which element of which array a field lies in, from the innermost array outwards. */
export interface Membership {
  readonly array: number;
  readonly element: number;
  readonly outer: Membership | undefined;
}

/**
 * One leaf of the event. As in Ruler, the scalars of an array are several values of the array's own path and are no
 * members of it; only objects and arrays inside an array are.
 */
export interface Field {
  readonly value: Leaf;
  readonly membership: Membership | undefined;
}

/** The leaves of an event by dotted path. A key that holds a dot is indistinguishable from two nested keys. */
export type Fields = ReadonlyMap<string, readonly Field[]>;

interface Visit {
  readonly value: unknown;
  /** `undefined` at the root, whose keys are paths by themselves. */
  readonly path: string | undefined;
  readonly membership: Membership | undefined;
  readonly depth: number;
}

/**
 * The leaves at the paths that a pattern asks about; `undefined` when the work runs out. Everything else of the event
 * is passed over. Iterative, because the nesting is the sender's choice.
 */
export function flattenEvent(event: object, prefixes: ReadonlySet<string>, work: Work): Fields | undefined {
  const fields = new Map<string, Field[]>();
  const stack: Visit[] = [{ value: event, path: undefined, membership: undefined, depth: 0 }];
  let arrays = 0;
  for (let visit = stack.pop(); visit !== undefined; visit = stack.pop()) {
    const { value, path, membership, depth } = visit;
    if (depth > DEPTH_LIMIT || !work.spend(1)) return undefined;
    if (Array.isArray(value)) {
      if (!work.spend(value.length)) return undefined;
      const array = arrays++;
      for (const [element, item] of value.entries()) {
        const inside = item !== null && typeof item === 'object' ? { array, element, outer: membership } : membership;
        stack.push({ value: item, path, membership: inside, depth: depth + 1 });
      }
    } else if (isObject(value)) {
      const keys = Object.keys(value);
      if (!work.spend(keys.length)) return undefined;
      for (const key of keys) {
        const child = path === undefined ? key : `${path}.${key}`;
        if (prefixes.has(child)) stack.push({ value: value[key], path: child, membership, depth: depth + 1 });
      }
    } else if (path !== undefined && isLeaf(value)) {
      const at = fields.get(path);
      if (at) at.push({ value, membership });
      else fields.set(path, [{ value, membership }]);
    }
  }
  return fields;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

const isLeaf = (value: unknown): value is Leaf =>
  value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
