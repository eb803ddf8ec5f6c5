import { LadingError } from '../../core/errors.ts';
import { type DocumentStore, loadDocument } from '../../documents/index.ts';
import { readSbomPackages } from '../../sbom/index.ts';
import type { PackageReader } from '../ports.ts';

/** Packages out of the stored SBOM documents, in whichever form they were stored. */
export function documentPackageReader(documents: DocumentStore): PackageReader {
  return {
    async packagesOf({ key, digest }) {
      const content = await loadDocument(documents, key, digest);
      if (!content) throw new LadingError('sbom-missing', `the SBOM ${key} is gone`);
      return readSbomPackages(content);
    },
  };
}
