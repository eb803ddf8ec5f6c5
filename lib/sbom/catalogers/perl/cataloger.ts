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
      // One without the author is none (purl specification, type `cpan`), and other tools refuse the whole document for it.
      ...(author ? { purl: formatPackageUrl({ type: 'cpan', namespace: author, name, version }) } : {}),
      licenses: [],
      ...where,
    })),
};
