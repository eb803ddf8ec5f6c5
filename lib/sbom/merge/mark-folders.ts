import type { FolderKind } from '../catalogers/cataloger.ts';
import { readFileTree, type TreeEntry } from '../layers/file-tree.ts';
import type { FileNode, SparseTree } from './sparse-tree.ts';

/** A name that no entry can have: the mark lies in its folder, and goes with it. */
const MARK = '';
/** In one layer; a store of a large system has some thousands. */
const MAX_FOLDERS = 100_000;

/**
 * Marks the folders of interest that a layer has or adds to, once its entries are in the tree.
 *
 * @returns false where there are too many, and the rest was left out
 */
export function markFolders(
  tree: SparseTree,
  { text, layer }: { readonly text: string; readonly layer: number },
  kinds: readonly FolderKind[],
  most = MAX_FOLDERS,
): boolean {
  for (const kind of kinds) {
    if (!text.includes(kind.below)) continue;
    const paths = foldersOf(text, kind, most);
    for (const path of [...paths].slice(0, most)) mark(tree, path, { layer, kind: kind.id, content: null });
    if (paths.size > most) return false;
  }
  return true;
}

/** The path of a folder of which a kind was told, out of that of its mark. */
export const folderOfMark = (path: string): string => path.slice(0, -1 - MARK.length);

function foldersOf(text: string, kind: FolderKind, most: number): Set<string> {
  const paths = new Set<string>();
  let last = '';
  let folder: string | undefined;
  const add = (path: string): void => {
    if (paths.size <= most && kind.accepts(path.slice(path.lastIndexOf('/') + 1))) paths.add(path);
  };
  readFileTree(text, (directory, entry) => {
    if (isStore(directory, kind.below)) {
      const name = nameOf(entry);
      if (name !== undefined) add(`${directory}/${name}`);
    } else if (directory !== last) {
      last = directory;
      folder = folderAbove(directory, kind.below);
      if (folder !== undefined && entry.type !== 'whiteout') add(folder);
    }
  });
  return paths;
}

function nameOf(entry: TreeEntry): string | undefined {
  return entry.type === 'file' || entry.type === 'directory' ? entry.name : undefined;
}

const isStore = (directory: string, below: string): boolean =>
  directory.endsWith(below) && (directory.length === below.length || directory.at(-below.length - 1) === '/');

/** `nix/store/<name>` of a directory deeper in it. */
function folderAbove(directory: string, below: string): string | undefined {
  const at = directory.indexOf(`${below}/`);
  if (at < 0 || (at > 0 && directory[at - 1] !== '/')) return undefined;
  const end = directory.indexOf('/', at + below.length + 1);
  return end < 0 ? directory : directory.slice(0, end);
}

function mark(tree: SparseTree, path: string, version: FileNode['versions'][number]): void {
  const place = tree.resolve(path, 'keep');
  if (!place || place.node?.type === 'link' || place.node?.type === 'file') return;
  const directory = tree.directoryAt(place.parts);
  const before = directory.children.get(MARK);
  const versions = before?.type === 'file' ? [...before.versions, version] : [version];
  tree.put(directory, MARK, { type: 'file', versions });
}
