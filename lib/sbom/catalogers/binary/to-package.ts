import { formatPackageUrl, parsePackageUrl } from '../../../formats/purl/index.ts';
import type { FoundPackage } from '../cataloger.ts';
import type { Identified } from './classify-binary.ts';

/** A Go program is named by its module, as advisories name it. Undefined for what is no purl. */
export function toBinaryPackage(
  { purl: identity, version }: Identified,
  where: Pick<FoundPackage, 'locations' | 'layer'>,
): FoundPackage | undefined {
  const parsed = parsePackageUrl(identity);
  if (!parsed) return undefined;
  const { type, namespace, name } = parsed;
  const purl = formatPackageUrl({ ...parsed, version });
  const full = type === 'golang' && namespace !== undefined ? `${namespace}/${name}` : name;
  return { type, name: full, version, purl, licenses: [], ...where };
}
