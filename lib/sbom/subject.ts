import { formatPackageUrl } from '../formats/purl/index.ts';
import type { Sbom } from './model.ts';

export interface SubjectOptions {
  /** ISO 8601; the only thing in a document that two runs over the same image may differ in. */
  readonly timestamp: string;
  /** Where the image is: names the subject. Without it the subject has only its digest. */
  readonly registry?: string | undefined;
  readonly repository?: string | undefined;
}

/**
 * Who an image is of: those who may push to its repository, whom registry and namespace name. NTIA's minimum elements ask
 * it of every component, the image itself among them.
 */
export function subjectSupplier({ registry, repository }: SubjectOptions): string | undefined {
  if (!registry || !repository) return undefined;
  const slash = repository.lastIndexOf('/');
  return slash < 0 ? registry : `${registry}/${repository.slice(0, slash)}`;
}

/** The purl type `oci`: the name is the last part of the repository, in lower case, the version is the digest. */
export function subjectPurl(sbom: Pick<Sbom, 'image' | 'platform'>, { registry, repository }: SubjectOptions): string {
  const name = repository ?? 'image';
  return formatPackageUrl({
    type: 'oci',
    name: name.slice(name.lastIndexOf('/') + 1).toLowerCase(),
    version: sbom.image,
    qualifiers: new Map([
      ['arch', sbom.platform?.split('/')[1] ?? ''],
      ['repository_url', registry && repository ? `${registry}/${repository}` : ''],
    ]),
  });
}
