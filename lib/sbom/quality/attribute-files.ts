import { executableFile } from '../catalogers/executable/executable-file.ts';
import { readFileTree } from '../layers/file-tree.ts';
import type { LayerInventory } from '../layers/inventory.ts';
import { SparseTree } from '../merge/sparse-tree.ts';
import type { Package } from '../model.ts';
import type { FileCoverage, UnidentifiedFile } from './coverage.ts';

const MAX_NAMED = 100;
const MAX_FILES = 2_000_000;

interface Leaf {
  readonly size: number;
  readonly executable: boolean;
}

/**
 * Puts the layers' file trees on one another and asks of each file whether a package is known for it. Databases of
 * distributions are not asked for their lists of files: what lies where only packages of the distribution put files
 * (Filesystem Hierarchy Standard 3.0), and came with a layer that changed the database, is theirs by its place.
 *
 * @param layers lowest first; undefined where over two million entries would have to be held
 */
export function attributeFiles(
  layers: readonly LayerInventory[],
  packages: readonly Package[],
): FileCoverage | undefined {
  if (layers.reduce((sum, one) => sum + one.entries, 0) > MAX_FILES) return undefined;
  const tree = new SparseTree();
  layers.forEach((inventory, layer) => {
    addLayer(tree, inventory, layer);
  });
  const systemLayers = new Set(layers.flatMap((one, i) => (changesDatabase(one) ? [i] : [])));
  const isPackages = attribution(packages);
  const unidentified: UnidentifiedFile[] = [];
  let files = 0;
  let bytes = 0;
  let attributedFiles = 0;
  let attributedBytes = 0;
  for (const { path, node } of tree.leaves()) {
    const version = node.type === 'file' ? node.versions.at(-1) : undefined;
    if (!version) continue;
    const { size, executable } = version.content as Leaf;
    files++;
    bytes += size;
    if (size === 0 || isPackages(path) || (systemLayers.has(version.layer) && OF_SYSTEM.test(path))) {
      attributedFiles++;
      attributedBytes += size;
      continue;
    }
    const digest = layers[version.layer]?.digest;
    if (digest) unidentified.push({ path, bytes: size, executable, layer: digest });
  }
  unidentified.sort(
    (a, b) => Number(b.executable) - Number(a.executable) || b.bytes - a.bytes || (a.path < b.path ? -1 : 1),
  );
  return {
    files,
    bytes,
    attributedFiles,
    attributedBytes,
    unidentifiedExecutables: unidentified.filter(({ executable }) => executable).length,
    unidentified: unidentified.slice(0, MAX_NAMED),
  };
}

const OF_SYSTEM =
  /^(?:(?:usr\/)?(?:s?bin|lib(?:exec|32|64|x32)?|games)\/|usr\/(?:share|include|src)\/|etc\/|var\/(?:lib|cache|log|spool)\/|boot\/)/;
const DATABASE =
  /(?:^|\n)\/(?:var\/lib\/(?:dpkg|rpm|pacman|opkg)|usr\/lib\/(?:sysimage\/rpm|opkg|apk)|lib\/apk|var\/db\/pkg)(?:\/|\n)/;

const changesDatabase = ({ tree }: LayerInventory): boolean => DATABASE.test(tree);

function addLayer(tree: SparseTree, inventory: LayerInventory, layer: number): void {
  const executables = new Set(
    inventory.contents.filter(({ kind }) => kind === executableFile.id).map(({ entry }) => entry),
  );
  readFileTree(inventory.tree, (directory, entry) => {
    const at = tree.resolve(directory)?.node;
    if (at?.type !== 'directory') return;
    if (entry.type === 'opaque') tree.clear(at);
    else if (entry.type === 'whiteout') tree.remove(at, entry.name);
  });
  readFileTree(inventory.tree, (directory, entry, index) => {
    const place = tree.resolve(directory);
    if (!place || entry.type === 'opaque' || entry.type === 'whiteout') return;
    const parent = tree.directoryAt(place.parts);
    if (entry.type === 'directory') {
      if (parent.children.get(entry.name)?.type !== 'link') tree.directoryAt([...place.parts, entry.name]);
    } else if (entry.type === 'symlink') {
      tree.put(parent, entry.name, { type: 'link', target: entry.target, layer });
    } else if (entry.type === 'file') {
      const executable = executables.has(index) || looksExecutable(directory, entry.name);
      const content: Leaf = { size: entry.size, executable };
      tree.put(parent, entry.name, { type: 'file', versions: [{ layer, kind: '', content }] });
    } else tree.remove(parent, entry.name);
  });
}

/** An inventory has no modes, and executables that tell nothing are not kept in it: names have to do. */
const looksExecutable = (directory: string, name: string): boolean =>
  /(?:^|\/)(?:s?bin|libexec)$/.test(directory) || /\.(?:so(?:\.\d+)*|dll|exe|dylib|jar|war|ear|wasm|ko)$/.test(name);

/** Where the file that tells of a package stands in for the folder that holds the package. */
const FOLDERS: readonly (readonly [RegExp, (path: string) => string])[] = [
  [/\/package\.json$/, parentOf],
  [/\.(?:dist|egg)-info(?:\/[^/]+)?$/, (path) => parentOf(path.replace(/\/[^/]+$/, ''))],
  [
    /\/specifications\/(?:default\/)?[^/]+\.gemspec$/,
    (path) => path.replace(/specifications\/(?:default\/)?([^/]+)\.gemspec$/, 'gems/$1'),
  ],
  [/\/vendor\/composer\/installed\.json$/, (path) => path.replace(/\/composer\/installed\.json$/, '')],
  [/\.deps\.json$/, parentOf],
];

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

function attribution(packages: readonly Package[]): (path: string) => boolean {
  const files = new Set<string>();
  const folders = new Set<string>();
  for (const { path } of packages.flatMap((one) => one.locations)) {
    // A path into an archive: `app.jar:BOOT-INF/lib/a.jar`.
    files.add(path);
    files.add(path.split(':')[0] ?? path);
    const folder = FOLDERS.find(([pattern]) => pattern.test(`/${path}`))?.[1](path);
    if (folder) folders.add(folder);
    if (/(?:^|\/)(?:nix|gnu)\/store\/[^/]+$/.test(path)) folders.add(path);
  }
  return (path) => {
    if (files.has(path)) return true;
    for (let folder = parentOf(path); folder !== ''; folder = parentOf(folder)) if (folders.has(folder)) return true;
    return false;
  };
}
