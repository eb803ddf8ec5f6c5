import { readFileTree, type TreeEntry } from '../../sbom/index.ts';

/** What became of the files of one layer in the image. */
export interface LayerFate {
  /** Bytes of files' contents in the layer. */
  readonly contentBytes: number;
  readonly files: number;
  /** Bytes that the image shows no more because an upper layer removed them. */
  readonly deleted: FileSum;
  /** Bytes that an upper layer has again under the same name. */
  readonly replaced: FileSum;
}

export interface FileSum {
  readonly bytes: number;
  readonly files: number;
  /** The largest ones; at most ten. */
  readonly largest: readonly { readonly path: string; readonly bytes: number }[];
}

/** Files that the image shows, with the layer that has them. */
export type VisibleFile = { readonly path: string; readonly bytes: number; readonly layer: number };

/** What is in a file. It goes with the last of its names: a hard link is one more. */
interface Content {
  readonly bytes: number;
  readonly layer: number;
  readonly path: string;
  names: number;
}
interface File {
  readonly kind: 'file';
  readonly content: Content;
}
interface Folder {
  readonly kind: 'folder';
  readonly names: Map<string, Node>;
  readonly layer: number;
}
interface Link {
  readonly kind: 'link';
  readonly target: string;
  readonly layer: number;
}
type Node = File | Folder | Link;

const MOST_HOPS = 40;
const LARGEST = 10;

/**
 * Puts the layers of an image on top of each other, lowest first, and says what became of every file: OCI image
 * specification 1.1, "Applying Changesets". Links on the way of an entry are followed inside the image, as runtimes do;
 * a hard link is another name of the same bytes.
 *
 * @param trees the file trees of the layers' inventories
 */
export function layersFate(trees: readonly string[]): {
  readonly layers: readonly LayerFate[];
  readonly visible: readonly VisibleFile[];
} {
  const root: Folder = { kind: 'folder', names: new Map(), layer: -1 };
  const lost = trees.map(() => ({ deleted: [] as Content[], replaced: [] as Content[] }));
  const sums = trees.map(() => ({ contentBytes: 0, files: 0 }));
  for (const [layer, tree] of trees.entries()) {
    const entries: { readonly directory: string; readonly entry: TreeEntry }[] = [];
    readFileTree(tree, (directory, entry) => void entries.push({ directory, entry }));
    const lose = (node: Node | undefined, how: 'deleted' | 'replaced'): void => {
      for (const { content } of filesBelow(node)) {
        content.names--;
        if (content.names === 0) lost[content.layer]?.[how].push(content);
      }
    };
    // What a layer removes is of the layers below, wherever in its archive it says so.
    for (const { directory, entry } of entries) {
      if (entry.type !== 'whiteout' && entry.type !== 'opaque') continue;
      const folder = find(root, directory);
      if (folder === undefined) continue;
      for (const name of entry.type === 'opaque' ? [...folder.names.keys()] : [entry.name]) {
        lose(folder.names.get(name), 'deleted');
        folder.names.delete(name);
      }
    }
    for (const { directory, entry } of entries) {
      if (entry.type === 'whiteout' || entry.type === 'opaque') continue;
      const folder = make(root, directory, layer, lose);
      const before = folder.names.get(entry.name);
      const path = directory === '' ? entry.name : `${directory}/${entry.name}`;
      if (entry.type === 'directory') {
        if (before?.kind === 'folder' || (before?.kind === 'link' && find(root, path) !== undefined)) continue;
        lose(before, 'replaced');
        folder.names.set(entry.name, { kind: 'folder', names: new Map(), layer });
        continue;
      }
      const linked = entry.type === 'hardlink' ? fileAt(root, entry.target) : undefined;
      if (linked) linked.content.names++;
      lose(before, 'replaced');
      const sum = sums[layer];
      if (entry.type === 'file' && sum) {
        sum.files++;
        sum.contentBytes += entry.size;
      }
      const bytes = entry.type === 'file' ? entry.size : 0;
      folder.names.set(
        entry.name,
        entry.type === 'symlink'
          ? { kind: 'link', target: entry.target, layer }
          : (linked ?? { kind: 'file', content: { bytes, layer, path, names: 1 } }),
      );
    }
  }
  return {
    layers: sums.map((sum, i) => ({
      ...sum,
      deleted: sumOf(lost[i]?.deleted ?? []),
      replaced: sumOf(lost[i]?.replaced ?? []),
    })),
    visible: [...new Set([...filesBelow(root)].map(({ content }) => content))].map(({ path, bytes, layer }) => ({
      ...{ path, bytes, layer },
    })),
  };
}

function* filesBelow(node: Node | undefined): Generator<File> {
  const todo = node === undefined ? [] : [node];
  for (let one = todo.pop(); one !== undefined; one = todo.pop()) {
    if (one.kind === 'file') yield one;
    else if (one.kind === 'folder') for (const child of one.names.values()) todo.push(child);
  }
}

function sumOf(files: readonly Content[]): FileSum {
  const largest = files
    .toSorted((a, b) => b.bytes - a.bytes || (a.path < b.path ? -1 : 1))
    .slice(0, LARGEST)
    .filter(({ bytes }) => bytes > 0)
    .map(({ path, bytes }) => ({ path, bytes }));
  return { bytes: files.reduce((sum, { bytes }) => sum + bytes, 0), files: files.length, largest };
}

/** The folder of that name, links on the way followed; undefined where there is none. */
function find(root: Folder, path: string): Folder | undefined {
  let hops = 0;
  const walk = (names: string[]): Folder | undefined => {
    const trail: Folder[] = [root];
    for (let rest = names; rest.length > 0; ) {
      const [name = '', ...others] = rest;
      rest = others;
      if (name === '' || name === '.') continue;
      if (name === '..') {
        if (trail.length > 1) trail.pop();
        continue;
      }
      const node = trail.at(-1)?.names.get(name);
      if (node === undefined || node.kind === 'file') return undefined;
      if (node.kind === 'folder') trail.push(node);
      else {
        if (++hops > MOST_HOPS) return undefined;
        rest = [...node.target.split('/'), ...rest];
        if (node.target.startsWith('/')) trail.length = 1;
      }
    }
    return trail.at(-1);
  };
  return walk(path.split('/'));
}

/** The file of that name; links on the way to it are followed. */
function fileAt(root: Folder, path: string): File | undefined {
  const slash = path.lastIndexOf('/');
  const node = find(root, slash < 0 ? '' : path.slice(0, slash))?.names.get(path.slice(slash + 1));
  return node?.kind === 'file' ? node : undefined;
}

/** The same, and makes what is missing; a file that stands in the way is replaced. */
function make(
  root: Folder,
  path: string,
  layer: number,
  lose: (node: Node | undefined, how: 'replaced') => void,
): Folder {
  const known = find(root, path);
  if (known !== undefined) return known;
  let folder = root;
  let sofar = '';
  for (const name of path.split('/')) {
    if (name === '') continue;
    sofar = sofar === '' ? name : `${sofar}/${name}`;
    const node = folder.names.get(name);
    const there = node?.kind === 'folder' ? node : node?.kind === 'link' ? find(root, sofar) : undefined;
    if (there) folder = there;
    else {
      lose(node, 'replaced');
      const made: Folder = { kind: 'folder', names: new Map(), layer };
      folder.names.set(name, made);
      folder = made;
    }
  }
  return folder;
}
