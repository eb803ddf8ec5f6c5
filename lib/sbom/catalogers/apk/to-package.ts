import { type ApkRecord, apkDependencyName } from '../../../formats/apk-database/index.ts';
import { formatPackageUrl } from '../../../formats/purl/index.ts';
import { licenseList } from '../../licenses.ts';
import type { Distro } from '../../model.ts';
import type { FoundPackage } from '../cataloger.ts';
import { distroQualifier } from '../distro-qualifier.ts';

/** Without a distribution there is no namespace, and so no purl: a guess would match another distribution's fixes. */
export function toApkPackage(
  record: ApkRecord,
  distro: Distro | undefined,
  where: Pick<FoundPackage, 'locations' | 'layer'>,
): FoundPackage {
  const { name, version, arch, origin } = record;
  const source = origin !== undefined && origin !== name ? { name: origin } : undefined;
  const qualifiers = new Map([
    ['arch', arch ?? ''],
    ['distro', distroQualifier(distro)],
    ['upstream', source?.name ?? ''],
  ]);
  const purl = distro && formatPackageUrl({ type: 'apk', namespace: distro.id, name, version, qualifiers });
  return {
    type: 'apk',
    name,
    version,
    ...(purl ? { purl } : {}),
    ...(arch ? { arch } : {}),
    ...(source ? { source } : {}),
    ...(distro ? { distro: { id: distro.id, versionId: distro.versionId } } : {}),
    licenses: licenseList(record.license),
    ...(record.maintainer ? { supplier: record.maintainer } : {}),
    ...where,
    provides: [name, ...record.provides].flatMap((one) => apkDependencyName(one) ?? []),
    requires: record.depends.flatMap((one) => {
      const needed = apkDependencyName(one);
      return needed === undefined ? [] : [[needed]];
    }),
  };
}
