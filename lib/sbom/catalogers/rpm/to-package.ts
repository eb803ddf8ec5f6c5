import { formatPackageUrl } from '../../../formats/purl/index.ts';
import { classifyLicense } from '../../licenses.ts';
import type { Distro } from '../../model.ts';
import type { FoundPackage } from '../cataloger.ts';
import { distroQualifier } from '../distro-qualifier.ts';
import type { RpmRecord } from './parse-database.ts';

/** Without a distribution there is no namespace, and so no purl. The epoch is a qualifier there, and part of `version`. */
export function toRpmPackage(
  record: RpmRecord,
  distro: Distro | undefined,
  where: Pick<FoundPackage, 'locations' | 'layer'>,
): FoundPackage {
  const { name, version, release, epoch, arch, sourceRpm, license, vendor, modularityLabel } = record;
  const source = sourceRpm === undefined ? undefined : parseSourceRpm(sourceRpm);
  const qualifiers = new Map([
    ['arch', arch ?? ''],
    ['distro', distroQualifier(distro)],
    ['epoch', epoch === undefined ? '' : String(epoch)],
    // As Syft writes it: advisories about one stream of a module are not about another.
    ['rpmmod', modularityLabel ?? ''],
    ['upstream', sourceRpm ?? ''],
  ]);
  const purl =
    distro &&
    formatPackageUrl({
      type: 'rpm',
      namespace: namespaceOf(distro),
      name,
      version: `${version}-${release}`,
      qualifiers,
    });
  return {
    type: 'rpm',
    name,
    version: epoch === undefined ? `${version}-${release}` : `${epoch}:${version}-${release}`,
    ...(purl ? { purl } : {}),
    ...(arch ? { arch } : {}),
    ...(source ? { source } : {}),
    ...(distro ? { distro: { id: distro.id, versionId: distro.versionId } } : {}),
    licenses: license === undefined ? [] : [spdxLicense(license)],
    ...(vendor ? { supplier: vendor } : {}),
    ...where,
    provides: [name, ...record.provides],
    requires: record.requires.map((needed) => [needed]),
  };
}

/** As the purl specification's examples and other scanners name them. */
function namespaceOf({ id }: Distro): string {
  if (id === 'rhel') return 'redhat';
  return id.startsWith('opensuse') ? 'opensuse' : id;
}

/** `bash-4.4-19.6.1.src.rpm`: name, version, release. Undefined where it is another text. */
export function parseSourceRpm(file: string): { readonly name: string; readonly version: string } | undefined {
  const match = /^(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm$/.exec(file);
  return match?.[1] && match[2] ? { name: match[1], version: match[2] } : undefined;
}

/** Older packages write `GPLv2+ and MIT`: Fedora's words, which only newer ones replace by SPDX. */
function spdxLicense(license: string): string {
  const upper = license.replace(/\b(and|or|with)\b/g, (word) => word.toUpperCase());
  return classifyLicense(upper).kind === 'name' ? license : upper;
}
