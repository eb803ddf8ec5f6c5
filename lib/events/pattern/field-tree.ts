import type { Field, Membership } from './flatten.ts';
import type { Work } from './work.ts';

/** The elements chosen so far: array → index. */
export type Position = ReadonlyMap<number, number>;

/** The values of one path, arranged by the arrays they lie in, so that only consistent ones are ever looked at. */
export interface FieldTree {
  /**
   * The distinct positions after choosing one of the values that agree with `position`; at most `limit` of them.
   * `undefined` when the work ran out.
   */
  reach(position: Position, limit?: number): readonly Position[] | undefined;
}

interface Node {
  /** Whether values end here, that is: lie in exactly the elements that lead to this node. */
  ends: boolean;
  readonly arrays: Map<number, Map<number, Node>>;
}

const createNode = (): Node => ({ ends: false, arrays: new Map() });

export function createFieldTree(fields: readonly Field[], work: Work): FieldTree | undefined {
  const root = createNode();
  for (const { membership } of fields) {
    const path = outermostFirst(membership);
    if (!work.spend(1 + path.length)) return undefined;
    let node = root;
    for (const { array, element } of path) node = childOf(node, array, element);
    node.ends = true;
  }
  return { reach: (position, limit = Number.POSITIVE_INFINITY) => reach(root, position, limit, work) };
}

function childOf(node: Node, array: number, element: number): Node {
  let elements = node.arrays.get(array);
  if (elements === undefined) {
    elements = new Map();
    node.arrays.set(array, elements);
  }
  let child = elements.get(element);
  if (child === undefined) {
    child = createNode();
    elements.set(element, child);
  }
  return child;
}

function reach(root: Node, start: Position, limit: number, work: Work): Position[] | undefined {
  const reached: Position[] = [];
  const stack: { readonly node: Node; readonly position: Position }[] = [{ node: root, position: start }];
  for (let top = stack.pop(); top !== undefined && reached.length < limit; top = stack.pop()) {
    const { node, position } = top;
    if (!work.spend(1)) return undefined;
    if (node.ends) reached.push(position);
    for (const [array, elements] of node.arrays) {
      const fixed = position.get(array);
      if (fixed !== undefined) {
        const child = elements.get(fixed);
        if (child) stack.push({ node: child, position });
        continue;
      }
      if (!work.spend(elements.size * (1 + position.size))) return undefined;
      for (const [element, child] of elements) {
        stack.push({ node: child, position: new Map(position).set(array, element) });
      }
    }
  }
  return reached;
}

function outermostFirst(membership: Membership | undefined): readonly Membership[] {
  const path: Membership[] = [];
  for (let m = membership; m !== undefined; m = m.outer) path.push(m);
  return path.reverse();
}
