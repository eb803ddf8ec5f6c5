import { type Cataloger, firstLayerFinder, type ImageFile } from '../cataloger.ts';
import { type NpmRecord, packageJsonFile } from './parse-package-json.ts';
import { toNpmPackage } from './to-package.ts';

const keyOf = (record: NpmRecord): string => `${record.name} ${record.version}`;

export const npmCataloger: Cataloger = {
  name: 'npm',
  kinds: [packageJsonFile],
  catalog: (files) => {
    const manifests = files.ofKind(packageJsonFile);
    const byPath = new Map(manifests.map((file) => [file.path, file]));
    return manifests.map((file) => {
      const firstLayer = firstLayerFinder(file, (record) => [keyOf(record)]);
      const found = toNpmPackage(file.content, {
        layer: firstLayer(keyOf(file.content)),
        locations: [{ path: file.path, layer: file.layer }],
      });
      return { ...found, provides: [file.path], requires: requirementsOf(file, byPath) };
    });
  },
};

/**
 * Which installed package a `require` finds: the nearest `node_modules` on the way up to the root (Node.js
 * documentation, "Loading from node_modules folders"). Packages are named by the path of their manifest.
 */
function requirementsOf(
  file: ImageFile<NpmRecord>,
  byPath: ReadonlyMap<string, ImageFile<NpmRecord>>,
): readonly (readonly string[])[] {
  const folders = ancestors(file.path);
  return file.content.requires.flatMap((name) => {
    const found = folders
      .map((folder) => `${folder}node_modules/${name}/package.json`)
      .find((candidate) => byPath.has(candidate));
    return found === undefined ? [] : [[found]];
  });
}

/** Folders above a manifest, nearest first, each with its slash; none that is itself a `node_modules`. */
function ancestors(path: string): string[] {
  const folders: string[] = [];
  for (let end = path.lastIndexOf('/'); end >= 0; end = path.lastIndexOf('/', end - 1)) {
    const folder = path.slice(0, end + 1);
    if (!folder.endsWith('node_modules/')) folders.push(folder);
    if (end === 0) break;
  }
  folders.push('');
  return folders;
}
