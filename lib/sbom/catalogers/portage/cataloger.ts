import type { Cataloger } from '../cataloger.ts';
import { onePerFile } from '../one-per-file.ts';
import { portageContentsFile, portageLicenseFile } from './parse-portage.ts';
import { toPortagePackage } from './to-package.ts';

export const portageCataloger: Cataloger = {
  name: 'portage',
  kinds: [portageContentsFile, portageLicenseFile],
  catalog: (files) => {
    const licenses = new Map(files.ofKind(portageLicenseFile).map((file) => [folderOf(file.path), file.content]));
    return onePerFile(files, portageContentsFile, (record, where, file) =>
      toPortagePackage(record, licenses.get(folderOf(file.path)) ?? [], where),
    );
  },
};

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));
