import { formatPackageUrl } from '../../../formats/purl/index.ts';
import type { Distro } from '../../model.ts';
import type { FoundPackage } from '../cataloger.ts';
import { distroQualifier } from '../distro-qualifier.ts';
import type { Where } from '../one-per-file.ts';
import type { AlpmRecord } from './parse-desc.ts';

/** Without a distribution of Arch's family there is no namespace, and so no purl. */
export function toAlpmPackage(record: AlpmRecord, distro: Distro | undefined, where: Where): FoundPackage {
  const { name, version, base, arch, packager, licenses } = record;
  const qualifiers = new Map([
    ['arch', arch ?? ''],
    ['distro', distroQualifier(distro)],
    ['upstream', base ?? ''],
  ]);
  const ofFamily = distro && (distro.id === 'arch' || distro.idLike?.includes('arch') === true);
  const purl = ofFamily && formatPackageUrl({ type: 'alpm', namespace: distro.id, name, version, qualifiers });
  return {
    type: 'alpm',
    name,
    version,
    ...(purl ? { purl } : {}),
    ...(arch ? { arch } : {}),
    ...(base && base !== name ? { source: { name: base } } : {}),
    ...(distro ? { distro: { id: distro.id, versionId: distro.versionId } } : {}),
    licenses,
    ...(packager ? { supplier: packager } : {}),
    ...where,
    provides: [name, ...record.provides],
    requires: record.depends.map((needed) => [needed]),
  };
}
