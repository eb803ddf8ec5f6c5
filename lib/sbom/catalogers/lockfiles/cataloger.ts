import type { FileKind, FoundPackage, ImageFile, ImageFiles } from '../cataloger.ts';
import { firstLayerFinder } from '../cataloger.ts';
import { executableFile } from '../executable/executable-file.ts';
import { javaArchiveFile } from '../java/parse-archive.ts';
import { packageJsonFile } from '../npm/parse-package-json.ts';
import { installedJsonFile } from '../php/parse-installed-json.ts';
import { pythonMetadataFile } from '../python/parse-metadata.ts';
import { gemspecFile } from '../ruby/parse-gemspec.ts';
import { jsonLocks } from './json-locks.ts';
import type { Locked, LockedType } from './lock-file.ts';
import { textLocks } from './text-locks.ts';
import { toLockedPackage } from './to-package.ts';
import { tomlLocks } from './toml-locks.ts';
import { yamlLocks } from './yaml-locks.ts';

export const lockKinds: readonly FileKind<Locked[]>[] = [...jsonLocks, ...tomlLocks, ...textLocks, ...yamlLocks];

/**
 * What lock files name where the packages themselves are not there: what somebody meant to install, and perhaps did, out
 * of sight. It is no inventory, so it is told on request only.
 */
export function catalogLockFiles(files: ImageFiles): FoundPackage[] {
  return lockKinds.flatMap((kind) =>
    files.ofKind(kind).flatMap((file) => {
      const [first] = file.content;
      if (!first || isInstalled(files, first.type, file)) return [];
      const keyOf = ({ name, version }: Locked): string => `${name} ${version}`;
      const firstLayer = firstLayerFinder(file, (records) => records.map(keyOf));
      const locations = [{ path: file.path, layer: file.layer }];
      return file.content.map((one) => toLockedPackage(one, { layer: firstLayer(keyOf(one)), locations }));
    }),
  );
}

/** True where packages of the sort are there: below the folder for those that lie there, else anywhere in the image. */
function isInstalled(files: ImageFiles, type: LockedType, { path }: ImageFile): boolean {
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  const below = (kind: FileKind, part: string): boolean =>
    files.ofKind(kind).some((one) => one.path.startsWith(`${folder}${part}`));
  switch (type) {
    case 'npm':
      return below(packageJsonFile, 'node_modules/');
    case 'composer':
      return below(installedJsonFile, '');
    case 'pypi':
      return files.ofKind(pythonMetadataFile).length > 0;
    case 'gem':
      return files.ofKind(gemspecFile).length > 0;
    case 'maven':
      return files.ofKind(javaArchiveFile).length > 0;
    case 'golang':
      return files.ofKind(executableFile).some(({ content }) => content.go !== undefined);
    case 'cargo':
      return files.ofKind(executableFile).some(({ content }) => content.rust !== undefined);
    case 'hex':
    case 'julia':
    case 'pub':
    case 'swift':
      return false;
  }
}
