import { formatPackageUrl } from '../../../formats/purl/index.ts';
import type { FoundPackage } from '../cataloger.ts';
import type { JavaArtifact } from './parse-archive.ts';

/** An artifact whose group nothing tells stands in a group of its own name, as it does in Syft. */
export function toMavenPackage(
  { group, artifact, version, licenses, sha1 }: JavaArtifact,
  where: Pick<FoundPackage, 'locations' | 'layer'>,
): FoundPackage {
  const purl = formatPackageUrl({
    type: 'maven',
    namespace: group || artifact,
    name: artifact,
    ...(version ? { version } : {}),
  });
  const hashes = sha1 ? { hashes: [{ algorithm: 'SHA-1' as const, value: sha1 }] } : {};
  return { type: 'maven', name: artifact, version, purl, licenses, ...hashes, ...where };
}
