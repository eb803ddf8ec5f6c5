import type { Digest } from '../core/digest.ts';
import type { CompactRepository } from '../inventory/index.ts';

/**
 * What hangs on what in one repository. A node is a manifest, by its row, or behind these something that is only named:
 * a child or a subject that the catalogue lacks.
 */
export interface Graph {
  readonly nodes: number;
  nodeOf(digest: Digest): number | undefined;
  /** Of the number of a digest. */
  nodeOfNumber(number: number): number | undefined;
  isManifest(node: number): boolean;
  hasParent(node: number): boolean;
  /** Neither listed by an index nor about a subject that is there. */
  isRoot(node: number): boolean;
  referrersOf(node: number): readonly number[];
  childrenOf(node: number): readonly number[];
  /** The indexes that list it, and those that list these. */
  ancestorsOf(node: number): readonly number[];
  /** Marks the nodes with their children, referrers and subjects, and theirs. */
  closure(from: Iterable<number>): Uint8Array;
  /** Downwards only, each once: the root, children, then referrers of all of these. */
  descend(root: number): readonly number[];
}

type Lists = (node: number) => readonly number[];
const nothing: readonly number[] = [];

export function indexGraph(repository: CompactRepository): Graph {
  const { digests } = repository;
  const numbers = new Map<number, number>();
  // Of a digest that is listed twice, the last one counts.
  for (const [row, number] of repository.manifest.entries()) numbers.set(number, row);
  const manifests = repository.size;
  let nodes = manifests;
  const nodeFor = (number: number): number => {
    const known = numbers.get(number);
    if (known !== undefined) return known;
    numbers.set(number, nodes);
    return nodes++;
  };
  const { children, parents } = relate(repository, nodeFor);
  const subjects = subjectsOf(repository, nodeFor);
  const referrers: (number[] | undefined)[] = [];
  for (const [referrer, subject] of subjects) add(referrers, subject, referrer);
  const childrenOf: Lists = (node) => children[node] ?? nothing;
  const referrersOf: Lists = (node) => referrers[node] ?? nothing;
  const subjectOf: Lists = (node) => {
    const subject = subjects.get(node);
    return subject === undefined ? nothing : [subject];
  };
  const isManifest = (node: number): boolean => node < manifests;
  const { descend, ancestorsOf } = walks(nodes, {
    childrenOf,
    referrersOf,
    parentsOf: (node) => parents[node] ?? nothing,
  });
  const nodeOfNumber = (number: number): number | undefined => numbers.get(number);
  return {
    nodes,
    nodeOfNumber,
    nodeOf: (digest) => {
      const number = digests.find(digest);
      return number === undefined ? undefined : nodeOfNumber(number);
    },
    isManifest,
    hasParent: (node) => parents[node] !== undefined,
    isRoot: (node) => {
      const subject = subjects.get(node);
      return parents[node] === undefined && (subject === undefined || !isManifest(subject));
    },
    referrersOf,
    childrenOf,
    ancestorsOf,
    closure: (from) => closure(nodes, from, [childrenOf, referrersOf, subjectOf]),
    descend,
  };
}

const add = (lists: (number[] | undefined)[], at: number, node: number): void => {
  const known = lists[at];
  if (known) known.push(node);
  else lists[at] = [node];
};

function relate({ manifest, childStart, child }: CompactRepository, nodeFor: (number: number) => number) {
  const children: (number[] | undefined)[] = new Array(manifest.length);
  const parents: (number[] | undefined)[] = new Array(manifest.length);
  for (let row = 0; row < manifest.length; row++) {
    for (let i = childStart[row] as number; i < (childStart[row + 1] as number); i++) {
      const node = nodeFor(child[i] as number);
      add(children, row, node);
      add(parents, node, row);
    }
  }
  return { children, parents };
}

function subjectsOf(repository: CompactRepository, nodeFor: (number: number) => number): ReadonlyMap<number, number> {
  const subjects = new Map<number, number>();
  for (const [row, subject] of repository.subject.entries()) if (subject >= 0) subjects.set(row, nodeFor(subject));
  for (const [i, subject] of repository.tagSubject.entries()) {
    // A signature or referrers index under a tag that names its subject (`sha256-<hex>`, `.sig`) lives and dies with it.
    if (subject >= 0) subjects.set(nodeFor(repository.tagDigest[i] as number), nodeFor(subject));
  }
  return subjects;
}

function closure(nodes: number, from: Iterable<number>, ways: readonly Lists[]): Uint8Array {
  const marked = new Uint8Array(nodes);
  const queue: number[] = [];
  const reach = (node: number): void => {
    if (marked[node]) return;
    marked[node] = 1;
    queue.push(node);
  };
  for (const node of from) reach(node);
  for (let node = queue.pop(); node !== undefined; node = queue.pop())
    for (const way of ways) for (const other of way(node)) reach(other);
  return marked;
}

/** Walks in the order in which nodes are found. Each has a stamp of its own, so that none has to forget the last one's. */
function walks(
  nodes: number,
  { childrenOf, referrersOf, parentsOf }: Readonly<Record<'childrenOf' | 'referrersOf' | 'parentsOf', Lists>>,
) {
  const stamps = new Int32Array(nodes);
  let stamp = 0;
  const walk = (from: readonly number[], ...ways: readonly Lists[]): number[] => {
    stamp++;
    const found = [...from];
    for (const node of found) stamps[node] = stamp;
    for (let i = 0; i < found.length; i++) {
      for (const way of ways) {
        for (const other of way(found[i] as number)) {
          if (stamps[other] === stamp) continue;
          stamps[other] = stamp;
          found.push(other);
        }
      }
    }
    return found;
  };
  return {
    ancestorsOf: (node: number) => walk([node], parentsOf).slice(1),
    // Children before referrers: first all that is below the root, then what refers to any of it.
    descend: (root: number) => walk(walk([root], childrenOf), referrersOf, childrenOf),
  };
}
