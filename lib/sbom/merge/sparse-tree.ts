/**
 * The file tree of an image as far as it matters: files of interest, all symbolic links, and the directories above
 * them. What is not here is either a file without interest or a directory of such files, and both behave alike.
 */
export type TreeNode = DirectoryNode | LinkNode | FileNode;

export interface DirectoryNode {
  readonly type: 'directory';
  readonly children: Map<string, TreeNode>;
}
export interface LinkNode {
  readonly type: 'link';
  readonly target: string;
  readonly layer: number;
}
export interface FileNode {
  readonly type: 'file';
  /** Lowest layer first. */
  readonly versions: readonly FileVersion[];
}
export interface FileVersion {
  readonly layer: number;
  readonly kind: string;
  readonly content: unknown;
}

/** A place in the tree after links were followed; `node` is absent where the sparse tree has nothing. */
export interface Resolved {
  /** Names from the root. */
  readonly parts: readonly string[];
  readonly node: TreeNode | undefined;
}

/** As Linux counts (path_resolution(7)). */
const MAX_LINKS = 40;

export class SparseTree {
  readonly root: DirectoryNode = { type: 'directory', children: new Map() };
  #changes = 0;

  /** Grows with every change, so that results of `resolve` can be kept until then. */
  get changes(): number {
    return this.#changes;
  }

  /**
   * Follows a path from the root as `openat` in a chroot would: links in every part, absolute ones from the root, `..`
   * no higher than that. A part that is unknown is taken for a directory. Undefined where links go round in a circle.
   */
  resolve(path: string, last: 'follow' | 'keep' = 'follow'): Resolved | undefined {
    const waiting = path.split('/').reverse();
    const parts: string[] = [];
    const nodes: (TreeNode | undefined)[] = [this.root];
    let links = 0;
    for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
      if (part === '' || part === '.') continue;
      if (part === '..') {
        if (parts.pop() !== undefined) nodes.pop();
        continue;
      }
      const parent = nodes.at(-1);
      const node = parent?.type === 'directory' ? parent.children.get(part) : undefined;
      if (node?.type === 'link' && (last === 'follow' || waiting.some((rest) => rest !== ''))) {
        links++;
        if (links > MAX_LINKS) return undefined;
        if (node.target.startsWith('/')) {
          parts.length = 0;
          nodes.length = 1;
        }
        waiting.push(...node.target.split('/').reverse());
        continue;
      }
      parts.push(part);
      nodes.push(node);
    }
    return { parts, node: nodes.at(-1) };
  }

  /** The directory at a place that `resolve` gave, made where it is not; a file in the way gives way. */
  directoryAt(parts: readonly string[]): DirectoryNode {
    let directory = this.root;
    for (const part of parts) {
      const child = directory.children.get(part);
      if (child?.type === 'directory') directory = child;
      else {
        const made: DirectoryNode = { type: 'directory', children: new Map() };
        directory.children.set(part, made);
        this.#changes++;
        directory = made;
      }
    }
    return directory;
  }

  /** Takes files out that stand where a directory has to be; nothing else changes. */
  clearWay(parts: readonly string[]): void {
    let directory = this.root;
    for (const part of parts) {
      const child = directory.children.get(part);
      if (child?.type === 'directory') directory = child;
      else {
        if (child) this.remove(directory, part);
        return;
      }
    }
  }

  put(directory: DirectoryNode, name: string, node: TreeNode): void {
    directory.children.set(name, node);
    this.#changes++;
  }

  remove(directory: DirectoryNode, name: string): void {
    if (directory.children.delete(name)) this.#changes++;
  }

  clear(directory: DirectoryNode): void {
    directory.children.clear();
    this.#changes++;
  }

  /** All files and links with their paths, in the order of the paths' parts. */
  *leaves(): Generator<{ readonly path: string; readonly node: FileNode | LinkNode }> {
    const waiting: { readonly path: string; readonly node: TreeNode }[] = [{ path: '', node: this.root }];
    for (let at = waiting.pop(); at; at = waiting.pop()) {
      if (at.node.type !== 'directory') {
        yield { path: at.path, node: at.node };
        continue;
      }
      const prefix = at.path === '' ? '' : `${at.path}/`;
      const names = [...at.node.children.keys()].sort().reverse();
      for (const name of names) {
        const node = at.node.children.get(name);
        if (node) waiting.push({ path: prefix + name, node });
      }
    }
  }
}
