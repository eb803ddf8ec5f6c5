import type { Cataloger } from '../cataloger.ts';
import { onePerFile } from '../one-per-file.ts';
import { directUrlFile } from './parse-direct-url.ts';
import { pythonMetadataFile } from './parse-metadata.ts';
import { pythonRecordFile } from './record-file.ts';
import { toPythonPackage } from './to-package.ts';

export const pythonCataloger: Cataloger = {
  name: 'python',
  kinds: [pythonMetadataFile, directUrlFile, pythonRecordFile],
  catalog: (files) => {
    const origins = new Map(files.ofKind(directUrlFile).map((file) => [folderOf(file.path), file.content.vcsUrl]));
    const records = new Map(files.ofKind(pythonRecordFile).map((file) => [folderOf(file.path), file]));
    return onePerFile(files, pythonMetadataFile, (content, where, file) => {
      const folder = folderOf(file.path);
      const record = records.get(folder);
      const locations = record ? [...where.locations, { path: record.path, layer: record.layer }] : where.locations;
      return toPythonPackage(content, origins.get(folder), { ...where, locations });
    });
  },
};

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));
