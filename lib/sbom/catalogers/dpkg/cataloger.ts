import { type Cataloger, firstLayerFinder, type ImageFiles } from '../cataloger.ts';
import { copyrightFile } from './parse-copyright.ts';
import { type DpkgRecord, statusDirectoryFile, statusFile } from './parse-status.ts';
import { toDebPackage } from './to-package.ts';

const keyOf = (record: DpkgRecord): string => `${record.name} ${record.version} ${record.arch ?? ''}`;

export const dpkgCataloger: Cataloger = {
  name: 'dpkg',
  kinds: [statusFile, statusDirectoryFile, copyrightFile],
  catalog: (files, distro) =>
    [...files.ofKind(statusFile), ...files.ofKind(statusDirectoryFile)].flatMap((file) => {
      const firstLayer = firstLayerFinder(file, (records) => records.map(keyOf));
      const locations = [{ path: file.path, layer: file.layer }];
      return file.content.map((record) => {
        const copyright = copyrightOf(files, file.path, record.name);
        return toDebPackage(record, distro, copyright?.content ?? [], {
          layer: firstLayer(keyOf(record)),
          locations: copyright ? [...locations, { path: copyright.path, layer: copyright.layer }] : locations,
        });
      });
    }),
};

/** In the file tree that the database is of; the folder may be a link to that of a package of the same source. */
function copyrightOf(files: ImageFiles, database: string, name: string) {
  const root = database.slice(0, Math.max(0, database.search(/(?:usr\/|var\/)?lib\/dpkg\//)));
  return files.at(copyrightFile, `${root}usr/share/doc/${name}/copyright`);
}
