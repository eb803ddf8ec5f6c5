import type { Cataloger } from '../cataloger.ts';
import { onePerFile } from '../one-per-file.ts';
import { alpmDescFile } from './parse-desc.ts';
import { toAlpmPackage } from './to-package.ts';

export const alpmCataloger: Cataloger = {
  name: 'alpm',
  kinds: [alpmDescFile],
  catalog: (files, distro) => onePerFile(files, alpmDescFile, (record, where) => toAlpmPackage(record, distro, where)),
};
