import { type Cataloger, firstLayerFinder } from '../cataloger.ts';
import { installedFile } from './parse-installed.ts';
import { toApkPackage } from './to-package.ts';

const keyOf = (record: { readonly name: string; readonly version: string }): string =>
  `${record.name} ${record.version}`;

export const apkCataloger: Cataloger = {
  name: 'apk',
  kinds: [installedFile],
  catalog: (files, distro) =>
    files.ofKind(installedFile).flatMap((file) => {
      const firstLayer = firstLayerFinder(file, (records) => records.map(keyOf));
      const locations = [{ path: file.path, layer: file.layer }];
      return file.content.map((record) =>
        toApkPackage(record, distro, { layer: firstLayer(keyOf(record)), locations }),
      );
    }),
};
