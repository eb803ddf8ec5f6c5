import { formatPackageUrl } from '../../../formats/purl/index.ts';
import type { Cataloger } from '../cataloger.ts';
import { onePerFile } from '../one-per-file.ts';
import { homebrewFormulaFile } from './parse-formula.ts';

export const homebrewCataloger: Cataloger = {
  name: 'homebrew',
  kinds: [homebrewFormulaFile],
  catalog: (files) =>
    onePerFile(files, homebrewFormulaFile, ({ name, version, license }, where) => ({
      type: 'brew',
      name,
      version,
      purl: formatPackageUrl({ type: 'brew', name, version }),
      licenses: license ? [license] : [],
      ...where,
    })),
};
