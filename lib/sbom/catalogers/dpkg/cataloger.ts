import { type Cataloger, firstLayerFinder } from '../cataloger.ts';
import { type DpkgRecord, statusDirectoryFile, statusFile } from './parse-status.ts';
import { toDebPackage } from './to-package.ts';

const keyOf = (record: DpkgRecord): string => `${record.name} ${record.version} ${record.arch ?? ''}`;

export const dpkgCataloger: Cataloger = {
  name: 'dpkg',
  kinds: [statusFile, statusDirectoryFile],
  catalog: (files, distro) =>
    [...files.ofKind(statusFile), ...files.ofKind(statusDirectoryFile)].flatMap((file) => {
      const firstLayer = firstLayerFinder(file, (records) => records.map(keyOf));
      const locations = [{ path: file.path, layer: file.layer }];
      return file.content.map((record) =>
        toDebPackage(record, distro, { layer: firstLayer(keyOf(record)), locations }),
      );
    }),
};
