import type { Cataloger } from '../cataloger.ts';
import { manyPerFile } from '../one-per-file.ts';
import { opkgStatusFile } from './parse-status.ts';

/** A feed of opkg is no distribution of Debian's family, so there is no purl under which anybody publishes fixes. */
export const opkgCataloger: Cataloger = {
  name: 'opkg',
  kinds: [opkgStatusFile],
  catalog: (files, distro) =>
    manyPerFile(files, opkgStatusFile, ({ name, version, arch, source, maintainer, ...record }, where) => ({
      type: 'opkg',
      name,
      version,
      ...(arch ? { arch } : {}),
      ...(source ? { source } : {}),
      ...(distro ? { distro: { id: distro.id, versionId: distro.versionId } } : {}),
      licenses: [],
      ...(maintainer ? { supplier: maintainer } : {}),
      ...where,
      provides: [name, ...record.provides],
      requires: record.depends,
    })),
};
