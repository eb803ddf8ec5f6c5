import type { Cataloger } from '../cataloger.ts';
import { onePerFile } from '../one-per-file.ts';
import { rDescriptionFile } from './parse-description.ts';
import { toRPackage } from './to-package.ts';

export const rCataloger: Cataloger = {
  name: 'r',
  kinds: [rDescriptionFile],
  catalog: (files) => onePerFile(files, rDescriptionFile, toRPackage),
};
