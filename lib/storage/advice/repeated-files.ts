import { readFileTree } from '../../sbom/index.ts';
import type { LayerContents } from './layer-contents.ts';

export interface RepeatedFile {
  /** One of its names. */
  readonly path: string;
  readonly bytes: number;
  /** Numbers of the layers that have it. */
  readonly layers: readonly number[];
  /** What all but the first take. */
  readonly wasted: number;
}

export interface RepeatedFiles {
  /** `contents`: their bytes were compared. `names`: they have one name and size in several layers, which is likely. */
  readonly by: 'contents' | 'names';
  readonly wasted: number;
  readonly count: number;
  /** What wastes most; at most fifty. */
  readonly largest: readonly RepeatedFile[];
}

const MOST_LISTED = 50;
/** By names alone, small files of one size are too often others. */
const LIKELY_BYTES = 64 * 1024;

/** Files whose bytes are stored in several layers. */
export function repeatedContents(layers: readonly LayerContents[]): RepeatedFiles {
  const seen = new Map<string, { path: string; bytes: number; layers: Set<number> }>();
  for (const [i, { files }] of layers.entries()) {
    for (const { path, bytes, sha256 } of files) {
      const one = seen.get(sha256) ?? { path, bytes, layers: new Set() };
      seen.set(sha256, one);
      one.layers.add(i);
    }
  }
  return summarise('contents', [...seen.values()]);
}

/** Files that several layers have under one name with one size: what a pass over these layers would tell for sure. */
export function repeatedNames(trees: readonly string[]): RepeatedFiles {
  const seen = new Map<string, { path: string; bytes: number; layers: Set<number> }>();
  for (const [i, tree] of trees.entries()) {
    readFileTree(tree, (directory, entry) => {
      if (entry.type !== 'file' || entry.size < LIKELY_BYTES) return;
      const path = directory === '' ? entry.name : `${directory}/${entry.name}`;
      const key = `${entry.size} ${path}`;
      const one = seen.get(key) ?? { path, bytes: entry.size, layers: new Set() };
      seen.set(key, one);
      one.layers.add(i);
    });
  }
  return summarise('names', [...seen.values()]);
}

function summarise(
  by: RepeatedFiles['by'],
  seen: readonly { readonly path: string; readonly bytes: number; readonly layers: ReadonlySet<number> }[],
): RepeatedFiles {
  const repeated = seen
    .filter(({ layers }) => layers.size > 1)
    .map(({ path, bytes, layers }) => ({ path, bytes, layers: [...layers], wasted: bytes * (layers.size - 1) }))
    .sort((a, b) => b.wasted - a.wasted || (a.path < b.path ? -1 : 1));
  return {
    by,
    wasted: repeated.reduce((sum, { wasted }) => sum + wasted, 0),
    count: repeated.length,
    largest: repeated.slice(0, MOST_LISTED),
  };
}
