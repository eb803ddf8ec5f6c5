import { type Cataloger, firstLayerFinder } from '../cataloger.ts';
import { type RpmRecord, rpmDatabaseFile } from './parse-database.ts';
import { rpmManifestFile } from './parse-manifest.ts';
import { toRpmPackage } from './to-package.ts';

const keyOf = ({ name, epoch, version, release, arch }: RpmRecord): string =>
  `${name} ${epoch ?? ''}:${version}-${release} ${arch ?? ''}`;

export const rpmCataloger: Cataloger = {
  name: 'rpm',
  kinds: [rpmDatabaseFile, rpmManifestFile],
  catalog: (files, distro) =>
    [...files.ofKind(rpmDatabaseFile), ...files.ofKind(rpmManifestFile)].flatMap((file) => {
      const firstLayer = firstLayerFinder(file, (records) => records.map(keyOf));
      const locations = [{ path: file.path, layer: file.layer }];
      return file.content.map((record) =>
        toRpmPackage(record, distro, { layer: firstLayer(keyOf(record)), locations }),
      );
    }),
};
