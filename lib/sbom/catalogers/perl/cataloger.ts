import { formatPackageUrl } from '../../../formats/purl/index.ts';
import type { Cataloger } from '../cataloger.ts';
import { onePerFile } from '../one-per-file.ts';
import { cpanInstallFile } from './parse-install-json.ts';

export const perlCataloger: Cataloger = {
  name: 'perl',
  kinds: [cpanInstallFile],
  catalog: (files) =>
    onePerFile(files, cpanInstallFile, ({ name, version, author }, where) => ({
      type: 'cpan',
      name,
      version,
      purl: formatPackageUrl({ type: 'cpan', name, version, qualifiers: new Map([['author', author ?? '']]) }),
      licenses: [],
      ...where,
    })),
};
