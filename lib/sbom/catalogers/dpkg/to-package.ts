import { formatPackageUrl } from '../../../formats/purl/index.ts';
import type { Distro } from '../../model.ts';
import type { FoundPackage } from '../cataloger.ts';
import { distroQualifier } from '../distro-qualifier.ts';
import type { DpkgRecord } from './parse-status.ts';

/** Without a distribution of the Debian family there is no namespace, and so no purl. */
export function toDebPackage(
  record: DpkgRecord,
  distro: Distro | undefined,
  licenses: readonly string[],
  where: Pick<FoundPackage, 'locations' | 'layer'>,
): FoundPackage {
  const { name, version, arch, source, maintainer } = record;
  const upstream = source ? [source.name, source.version].filter(Boolean).join('@') : '';
  const qualifiers = new Map([
    ['arch', arch ?? ''],
    ['distro', distroQualifier(distro)],
    ['upstream', upstream],
  ]);
  const ofFamily = distro && (distro.id === 'debian' || distro.idLike?.includes('debian') === true);
  const purl = ofFamily && formatPackageUrl({ type: 'deb', namespace: distro.id, name, version, qualifiers });
  return {
    type: 'deb',
    name,
    version,
    ...(purl ? { purl } : {}),
    ...(arch ? { arch } : {}),
    ...(source ? { source } : {}),
    ...(distro ? { distro: { id: distro.id, versionId: distro.versionId } } : {}),
    licenses: [...licenses],
    ...(maintainer ? { supplier: maintainer } : {}),
    ...where,
    provides: [name, ...record.provides],
    requires: record.depends,
  };
}
