import type { Digest } from '../../core/digest.ts';
import type { FolderKind, ImageFile, ImageFiles } from '../catalogers/cataloger.ts';
import type { KindMatcher } from '../catalogers/match-kind.ts';
import { readFileTree, type TreeEntry } from '../layers/file-tree.ts';
import type { LayerInventory } from '../layers/inventory.ts';
import type { Gap } from '../model.ts';
import { folderOfMark, markFolders } from './mark-folders.ts';
import { type FileNode, type FileVersion, type Resolved, SparseTree } from './sparse-tree.ts';

export interface MergedImage extends ImageFiles {
  /** What the layers alone do not tell: links to files whose content nobody kept. */
  readonly gaps: readonly Gap[];
}

/** A layer as the merge needs it; one that could not be read takes part without entries. */
export interface MergeLayer {
  readonly digest: Digest;
  readonly inventory: LayerInventory | undefined;
}

/**
 * Puts the layers on one another as a container runtime does (OCI image specification 1.1, "Applying Changesets";
 * containerd's `archive.Apply` where that leaves a choice): a layer's whiteouts first, which concern the layers below
 * only, then its entries in their order, the last one counting; links in the path of an entry are followed inside the
 * tree, so that a file in `lib/` lands in `usr/lib/` where the one is a link to the other.
 *
 * @param layers lowest first
 */
export function mergeLayers(
  layers: readonly MergeLayer[],
  kindOf: KindMatcher,
  folders: readonly FolderKind[] = [],
): MergedImage {
  const tree = new SparseTree();
  const gaps: Gap[] = [];
  layers.forEach(({ digest, inventory }, layer) => {
    if (!inventory) return;
    applyWhiteouts(tree, inventory);
    applyEntries(tree, { inventory, layer, digest, kindOf, gaps });
    if (!markFolders(tree, { text: inventory.tree, layer }, folders)) gaps.push(tooManyFolders(digest));
  });
  gaps.push(...unreadLinks(tree, layers, kindOf));
  return { ...filesOf(tree), gaps };
}

const tooManyFolders = (layer: Digest): Gap => ({
  reason: 'limit',
  code: 'folders-of-interest',
  message: 'the layer has more folders of packages than are listed',
  layer,
});

/** Runs of entries in one directory are the rule, so the last directory's place is kept. */
function placeFinder(tree: SparseTree): (directory: string) => Resolved | undefined {
  let last: { readonly directory: string; readonly changes: number; readonly place: Resolved | undefined } | undefined;
  return (directory) => {
    if (last?.directory !== directory || last.changes !== tree.changes) {
      last = { directory, changes: tree.changes, place: tree.resolve(directory) };
    }
    return last.place;
  };
}

function applyWhiteouts(tree: SparseTree, inventory: LayerInventory): void {
  if (!/^[wo]/m.test(inventory.tree)) return;
  const place = placeFinder(tree);
  readFileTree(inventory.tree, (path, entry) => {
    if (entry.type !== 'whiteout' && entry.type !== 'opaque') return;
    const directory = place(path)?.node;
    if (directory?.type !== 'directory') return;
    if (entry.type === 'opaque') tree.clear(directory);
    else tree.remove(directory, entry.name);
  });
}

interface LayerContext {
  readonly inventory: LayerInventory;
  readonly layer: number;
  readonly digest: Digest;
  readonly kindOf: KindMatcher;
  readonly gaps: Gap[];
}

function applyEntries(tree: SparseTree, context: LayerContext): void {
  const contents = new Map(context.inventory.contents.map((one) => [one.entry, one]));
  const place = placeFinder(tree);
  readFileTree(context.inventory.tree, (path, entry, index) => {
    if (entry.type === 'whiteout' || entry.type === 'opaque') return;
    const at = place(path);
    if (!at) {
      context.gaps.push({
        reason: 'unreadable',
        code: 'link-circle',
        message: `${path} leads round in a circle of links`,
        layer: context.digest,
        path,
      });
      return;
    }
    const kept = contents.get(index);
    const version = kept && { layer: context.layer, kind: kept.kind, content: kept.content };
    applyEntry(tree, at, entry, version, context);
  });
}

function applyEntry(
  tree: SparseTree,
  at: Resolved,
  entry: Exclude<TreeEntry, { type: 'whiteout' | 'opaque' }>,
  version: FileVersion | undefined,
  context: LayerContext,
): void {
  const linked = entry.type === 'hardlink' && !version ? linkedVersion(tree, at, entry, context) : version;
  if (entry.type === 'symlink') {
    tree.put(tree.directoryAt(at.parts), entry.name, { type: 'link', target: entry.target, layer: context.layer });
  } else if (linked) {
    const directory = tree.directoryAt(at.parts);
    const before = directory.children.get(entry.name);
    const versions = before?.type === 'file' ? [...before.versions, linked] : [linked];
    tree.put(directory, entry.name, { type: 'file', versions });
  } else {
    if (at.node?.type !== 'directory') tree.clearWay(at.parts);
    const directory = at.node?.type === 'directory' ? at.node : undefined;
    const before = directory?.children.get(entry.name);
    // A directory over a directory is merged with it; anything else takes the place of what was there.
    if (directory && before && !(entry.type === 'directory' && before.type === 'directory')) {
      tree.remove(directory, entry.name);
    }
  }
}

/** What a hard link to a file of interest says; its own path must be of a kind, or it is of no interest. */
function linkedVersion(
  tree: SparseTree,
  at: Resolved,
  entry: Extract<TreeEntry, { type: 'hardlink' }>,
  { layer, digest, kindOf, gaps }: LayerContext,
): FileVersion | undefined {
  const kind = kindOf(at.parts.join('/'), entry.name);
  if (!kind) return undefined;
  const target = tree.resolve(entry.target)?.node;
  const content = target?.type === 'file' ? target.versions.at(-1) : undefined;
  if (content?.kind === kind.id) return { layer, kind: kind.id, content: content.content };
  const path = [...at.parts, entry.name].join('/');
  gaps.push({
    reason: 'unreadable',
    code: 'hard-link-unread',
    message: `${path} is a hard link to ${entry.target}, which was not read`,
    layer: digest,
    path,
  });
  return undefined;
}

/** Symbolic links under the name of a package database whose target is a file that was not read. */
function unreadLinks(tree: SparseTree, layers: readonly MergeLayer[], kindOf: KindMatcher): Gap[] {
  const suspects = new Map<string, { readonly path: string; readonly layer: number }>();
  for (const { path, node } of tree.leaves()) {
    if (node.type !== 'link') continue;
    const slash = path.lastIndexOf('/');
    const kind = kindOf(path.slice(0, Math.max(0, slash)), path.slice(slash + 1));
    if (kind?.importance !== 'database') continue;
    const target = tree.resolve(path);
    if (target && target.node === undefined) suspects.set(target.parts.join('/'), { path, layer: node.layer });
  }
  if (suspects.size === 0) return [];
  const existing = new Set<string>();
  for (const { inventory } of layers) {
    if (inventory)
      readFileTree(inventory.tree, (directory, entry) => {
        if (entry.type !== 'file') return;
        const path = directory === '' ? entry.name : `${directory}/${entry.name}`;
        if (suspects.has(path)) existing.add(path);
      });
  }
  return [...existing].map((target) => {
    const { path, layer } = suspects.get(target) as { path: string; layer: number };
    const message = `${path} is a link to ${target}, which was not read`;
    const digest = layers[layer]?.digest;
    return {
      reason: 'unreadable' as const,
      code: 'link-target-unread',
      message,
      path,
      ...(digest ? { layer: digest } : {}),
    };
  });
}

function filesOf(tree: SparseTree): ImageFiles {
  const byKind = new Map<string, ImageFile[]>();
  const byNode = new Map<FileNode, ImageFile>();
  for (const { path, node } of tree.leaves()) {
    const newest = node.type === 'file' ? node.versions.at(-1) : undefined;
    if (node.type !== 'file' || !newest) continue;
    const history = node.versions.filter((version) => version.kind === newest.kind);
    const file: ImageFile = { path, layer: newest.layer, content: newest.content, history };
    const same = byKind.get(newest.kind);
    if (same) same.push(file);
    else byKind.set(newest.kind, [file]);
    byNode.set(node, file);
  }
  return {
    // The content was checked with the kind's schema when it was read back, or comes from the kind's own parser.
    ofKind: (kind) => (byKind.get(kind.id) ?? []) as never,
    at: (kind, path) => {
      const node = tree.resolve(path)?.node;
      const file = node?.type === 'file' ? byNode.get(node) : undefined;
      return file && node?.type === 'file' && node.versions.at(-1)?.kind === kind.id ? (file as never) : undefined;
    },
    folders: (kind) =>
      (byKind.get(kind.id) ?? []).map(({ path, layer, history }) => ({
        path: folderOfMark(path),
        layer: history[0]?.layer ?? layer,
      })),
  };
}
