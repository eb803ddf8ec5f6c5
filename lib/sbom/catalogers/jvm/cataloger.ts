import { formatPackageUrl } from '../../../formats/purl/index.ts';
import { ownedFiles } from '../binary/owned-files.ts';
import type { Cataloger } from '../cataloger.ts';
import { onePerFile } from '../one-per-file.ts';
import { jvmReleaseFile } from './parse-release.ts';

/** Java runtimes that no package manager put there, by their own word; their programs are part of them. */
export const jvmCataloger: Cataloger = {
  name: 'jvm',
  kinds: [jvmReleaseFile],
  catalog: (files) => {
    const isOwned = ownedFiles(files);
    return onePerFile(files, jvmReleaseFile, ({ name, version, vendor, implementor, repository }, where) => ({
      type: 'generic',
      name,
      version,
      purl: formatPackageUrl({
        type: 'generic',
        namespace: vendor,
        name,
        version,
        qualifiers: new Map(repository ? [['repository_url', repository]] : []),
      }),
      licenses: [],
      ...(implementor ? { supplier: implementor } : {}),
      ...where,
    })).filter(({ locations }) => !locations.some(({ path }) => isOwned(path)));
  },
};
