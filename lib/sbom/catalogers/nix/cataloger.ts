import type { Cataloger, FoundPackage, ImageFiles } from '../cataloger.ts';
import { guixStoreFolder, nixStoreFolder, parseStorePath } from './parse-store-path.ts';
import { toStorePackage } from './to-package.ts';

/** Nix and Guix keep each package in a folder whose name says all; their databases say no more of what is there. */
export const nixCataloger: Cataloger = {
  name: 'nix',
  kinds: [],
  folders: [nixStoreFolder, guixStoreFolder],
  catalog: (files) => [...packagesOf(files, 'nix'), ...packagesOf(files, 'guix')],
};

function packagesOf(files: ImageFiles, type: 'nix' | 'guix'): FoundPackage[] {
  const kind = type === 'nix' ? nixStoreFolder : guixStoreFolder;
  return files.folders(kind).flatMap(({ path, layer }) => {
    const parsed = parseStorePath(path.slice(path.lastIndexOf('/') + 1));
    return parsed ? [toStorePackage(type, parsed, { layer, locations: [{ path, layer }] })] : [];
  });
}
