import { formatPackageUrl } from '../../../formats/purl/index.ts';
import type { Cataloger } from '../cataloger.ts';
import { manyPerFile } from '../one-per-file.ts';
import { conanInfoFile } from './parse-conaninfo.ts';

export const conanCataloger: Cataloger = {
  name: 'conan',
  kinds: [conanInfoFile],
  catalog: (files) =>
    manyPerFile(files, conanInfoFile, ({ name, version, user, channel }, where) => ({
      type: 'conan',
      name,
      version,
      purl: formatPackageUrl({
        type: 'conan',
        ...(user ? { namespace: user } : {}),
        name,
        version,
        qualifiers: new Map([['channel', channel ?? '']]),
      }),
      licenses: [],
      ...where,
    })),
};
