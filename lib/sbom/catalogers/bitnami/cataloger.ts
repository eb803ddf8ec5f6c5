import type { Cataloger, FoundPackage } from '../cataloger.ts';
import { manyPerFile, type Where } from '../one-per-file.ts';
import { type BitnamiRecord, bitnamiComponentsFile, bitnamiSpdxFile } from './parse-bitnami.ts';

export const bitnamiCataloger: Cataloger = {
  name: 'bitnami',
  kinds: [bitnamiSpdxFile, bitnamiComponentsFile],
  catalog: (files) => [
    ...manyPerFile(files, bitnamiSpdxFile, toBitnamiPackage),
    ...manyPerFile(files, bitnamiComponentsFile, toBitnamiPackage),
  ],
};

const toBitnamiPackage = (record: BitnamiRecord, where: Where): FoundPackage => ({
  type: 'bitnami',
  ...record,
  ...where,
});
