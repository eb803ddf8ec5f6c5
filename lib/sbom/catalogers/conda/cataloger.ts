import type { Cataloger } from '../cataloger.ts';
import { onePerFile } from '../one-per-file.ts';
import { condaMetaFile } from './parse-conda-meta.ts';
import { toCondaPackage } from './to-package.ts';

export const condaCataloger: Cataloger = {
  name: 'conda',
  kinds: [condaMetaFile],
  catalog: (files) => onePerFile(files, condaMetaFile, toCondaPackage),
};
