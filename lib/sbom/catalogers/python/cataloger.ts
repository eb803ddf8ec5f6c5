import type { Cataloger } from '../cataloger.ts';
import { onePerFile } from '../one-per-file.ts';
import { directUrlFile } from './parse-direct-url.ts';
import { pythonMetadataFile } from './parse-metadata.ts';
import { toPythonPackage } from './to-package.ts';

export const pythonCataloger: Cataloger = {
  name: 'python',
  kinds: [pythonMetadataFile, directUrlFile],
  catalog: (files) => {
    const origins = new Map(files.ofKind(directUrlFile).map((file) => [folderOf(file.path), file.content.vcsUrl]));
    return onePerFile(files, pythonMetadataFile, (record, where, file) =>
      toPythonPackage(record, origins.get(folderOf(file.path)), where),
    );
  },
};

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));
